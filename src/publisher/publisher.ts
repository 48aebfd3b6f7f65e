import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { SchedulerClientConfig } from '@aws-sdk/client-scheduler';
import { SNSClient } from '@aws-sdk/client-sns';
import type { AnyJob } from '../job/index.ts';
import type { Jobs } from '../jobs.generated.ts';
import { parseTopicArn, topicArnForm } from '../names.ts';
import { type Clock, systemClock } from './clock.ts';
import { Delay, schedulerConfig } from './delay/delay.ts';
import { PublishError } from './errors.ts';
import { type JobHandle, jobHandle } from './handle.ts';
import type {
  AnyItem,
  Delayed,
  DelayedOptions,
  JobName,
  PayloadFor,
  Published,
  PublishItem,
  PublishOptions,
  PublishResult,
  ResultFor,
} from './item.ts';
import { createJobApi, type Fetch, signedFetch } from './jobApi.ts';
import { toMessage } from './message.ts';
import { createPayloadStore } from './payloadStore.ts';
import { publishTime } from './publishTime.ts';
import { sendOne, sendSome, type Way } from './send.ts';
import { shown } from './shown.ts';
import { publishStream, type StreamSteps } from './stream.ts';
import { uuidv7Maker } from './uuid.ts';

/** What a publisher needs to know. Only `topicArn` is required; the stack's outputs have all values. */
export interface PublisherOptions {
  /** The ARN of the platform's topic: `arn:aws:sns:<region>:<account>:<name>`. */
  readonly topicArn: string;
  /** The SNS client to send with. By default a new one for the topic's Region, with credentials from the environment. */
  readonly client?: SNSClient | undefined;
  /**
   * The name of the platform's files bucket (the stack's output `FilesBucket`). The publisher puts a payload there that
   * is too large for SNS (256 KiB), up to 16 MiB of JSON, and the job gets it as any other. By default such a payload
   * is refused.
   */
  readonly filesBucket?: string | undefined;
  /** How to reach the files bucket. By default in the topic's Region, with the SNS client's credentials. */
  readonly s3?: S3ClientConfig | undefined;
  /**
   * How to reach EventBridge Scheduler, which delays jobs. By default in the topic's Region and with the SNS client's
   * credentials. Where the SNS client has an endpoint that is not AWS's own, Scheduler is reached there too.
   */
  readonly scheduler?: SchedulerClientConfig | undefined;
  /** The URL of the platform's status API (the stack's output `ApiUrl`). The methods of a `JobHandle` need it. */
  readonly apiUrl?: string | undefined;
  /**
   * Sends the requests to the API. An API with tokens needs a function that adds one:
   * `(url, init) => fetch(url, { ...init, headers })`. By default requests are signed for IAM (Signature Version 4)
   * with the SNS client's credentials.
   */
  readonly fetch?: Fetch | undefined;
}

/** Publishes jobs. `JobTypes` has the types of the jobs by their names: by default those of this repository. */
export interface Publisher<JobTypes = Jobs> {
  /**
   * Publishes one job later: after a `delay`, or `at` a time. A one-off schedule of EventBridge Scheduler publishes it,
   * never early and up to a minute late, and deletes itself. The checks and the handle are the same as of a job that is
   * published at once. A job whose `jobId` already waits is scheduled once: when it is given again with `delay`, its
   * first time stays. The caller needs the permission that `platform.grantDelay` gives.
   * @throws {InvalidDelayError} when the time is unreadable, in the past, or after the year 9999
   * @throws {AlreadyDelayedError} when a job with that ID already waits with another payload or another `at`
   * @throws {DelayFailedError} when EventBridge Scheduler refuses or cannot be reached
   */
  publish<J extends JobName<JobTypes> | AnyJob>(
    job: J,
    payload: NoInfer<PayloadFor<J, JobTypes>>,
    options: DelayedOptions,
  ): Promise<Delayed & JobHandle<ResultFor<J, JobTypes>>>;

  /**
   * Publishes one job: `publish('GreetingJob', { friendName: 'Hank' })`. The compiler checks the payload. Where the job
   * is given as its object (`publish(GreetingJob, …)`), its schema checks the payload too.
   * @returns the job's ID, and a handle by which a tracked job can be followed
   * @throws {PublishError} before anything is sent, a subclass for each reason; `PublishFailedError` when SNS refuses
   * @throws {InvalidPayloadError} when the payload does not fit the schema of the job object
   */
  publish<J extends JobName<JobTypes> | AnyJob>(
    job: J,
    payload: NoInfer<PayloadFor<J, JobTypes>>,
    options?: PublishOptions,
  ): Promise<Published & JobHandle<ResultFor<J, JobTypes>>>;

  /**
   * Cancels a delayed job before it is published.
   * @returns true when it was cancelled; false when no job of that ID waits. In the minute after its time the job may be
   * published although this returned true
   * @throws {DelayFailedError} when EventBridge Scheduler refuses or cannot be reached
   */
  cancel(jobId: string): Promise<boolean>;

  /**
   * Moves a delayed job to another time.
   * @param at a `Date`, or an ISO text with `Z` or an offset
   * @returns true when it was moved; false when its time has come, or no job of that ID waits
   * @throws {InvalidDelayError} when the time is unreadable, in the past, or after the year 9999
   * @throws {DelayFailedError} when EventBridge Scheduler refuses or cannot be reached
   */
  reschedule(jobId: string, at: Date | string): Promise<boolean>;

  /** Gives the handle of a job that was published before, here or elsewhere. It makes no request. */
  handle<J extends JobName<JobTypes> | AnyJob>(job: J, jobId: string): JobHandle<ResultFor<J, JobTypes>>;

  /**
   * Publishes many jobs, in batches of up to 10 messages and 256 KiB. When one job fails, the others are published all
   * the same; the method does not throw for it.
   * @returns a result for each item, in the order of the items
   */
  publishAll<const Js extends readonly (JobName<JobTypes> | AnyJob)[]>(
    items: { readonly [Index in keyof Js]: PublishItem<JobTypes, Js[Index]> },
    options?: { readonly onProgress?: ((progress: PublishProgress) => void) | undefined },
  ): Promise<PublishResult[]>;

  /**
   * Publishes as `publishAll` does, for more items than fit into memory: it takes items as it needs them, and yields
   * their results in order. It sends a batch when the batch is full or the items have ended. When iterating over
   * `items` throws, it first yields the results of the items before, and then throws that error.
   */
  publishStream(
    items: Iterable<PublishItem<JobTypes>> | AsyncIterable<PublishItem<JobTypes>>,
  ): AsyncGenerator<PublishResult, void, undefined>;
}

/** How many items have a result by now, and how many there are. */
export interface PublishProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Makes a publisher, which needs no closing. Make one for each process.
 * @throws {PublishError} when `topicArn` is not the ARN of an SNS topic, or `apiUrl` is not an HTTP URL
 */
export function createPublisher<JobTypes = Jobs>(
  { topicArn, client, filesBucket, s3, scheduler, apiUrl, fetch }: PublisherOptions,
  clock: Clock = systemClock,
): Publisher<JobTypes> {
  const region = regionOf(topicArn);
  const sns = client ?? new SNSClient({ region });
  const makeJobId = uuidv7Maker(clock.now);
  const store = filesBucket
    ? createPayloadStore(filesBucket, () => ({ region, credentials: sns.config.credentials, ...s3 }))
    : undefined;
  const api = apiUrl === undefined ? undefined : createJobApi(apiUrl, fetch ?? signedFetch(sns, clock));
  const config = () => schedulerConfig(sns, scheduler);
  const delay = new Delay({ topicArn, config, now: clock.now });
  const way: Way = { sns, topicArn, delay, clock };
  const steps: StreamSteps = {
    jobIdOf: (item) => givenJobId(item) ?? makeJobId(),
    prepare: (item, jobId) =>
      toMessage(item, jobId, new Date(clock.now()).toISOString(), { topicArn, store }),
    send: (messages) => sendSome(messages, way),
  };

  return {
    async publish(job: string | AnyJob, payload: unknown, options: Partial<DelayedOptions> = {}) {
      const item = { ...options, job, payload };
      const message = await steps.prepare(item, steps.jobIdOf(item));
      const notStored = await message.stored;
      if (notStored !== undefined) throw notStored;
      // `delay: '0s'` publishes at once, and its result has a time all the same.
      const atOnce = options.delay === undefined ? {} : { at: new Date(clock.now()) };
      const sent = await sendOne(message, way);
      // The overloads tell whether this is a Published or a Delayed.
      const handle = jobHandle<never>(message.jobName, message.jobId, api, clock);
      return { ...atOnce, ...(sent as Published & Delayed), ...handle };
    },

    cancel: (jobId) => delay.cancel(jobId),

    reschedule: async (jobId, at) =>
      delay.reschedule(jobId, publishTime({ jobId }, { at }, clock.now()) as Date),

    handle: (job, jobId) => jobHandle(typeof job === 'string' ? job : job.name, jobId, api, clock),

    async publishAll(items, { onProgress } = {}) {
      const results: PublishResult[] = [];
      for await (const result of publishStream(items as Items, steps)) {
        results.push(result);
        onProgress?.({ done: results.length, total: items.length });
      }
      return results;
    },

    publishStream: (items) => publishStream(items as Items, steps),
  };
}

/** The items without the types that the compiler has checked by now. */
type Items = Iterable<AnyItem> | AsyncIterable<AnyItem>;

/** Undefined where the ID cannot be read: then making the item's message fails, and reports it. */
function givenJobId(item: AnyItem): string | undefined {
  try {
    return item?.jobId;
  } catch {
    return undefined;
  }
}

/** The topic's Region: SNS publishes to a topic in its own Region only. */
function regionOf(topicArn: string): string {
  const topic = typeof topicArn === 'string' ? parseTopicArn(topicArn) : undefined;
  if (topic !== undefined) return topic.region;
  throw new PublishError(
    undefined,
    `topicArn must be a topic's ARN, ${topicArnForm}, was ${shown(topicArn)}: take it from the stack's outputs`,
  );
}
