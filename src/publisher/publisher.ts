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

export interface PublisherOptions {
  /** The platform's topic: `arn:aws:sns:<region>:<account>:<name>`. */
  readonly topicArn: string;
  /** The client to send with. By default one for the topic's Region, configured by the environment. */
  readonly client?: SNSClient | undefined;
  /**
   * The platform's files bucket (the stack's output `FilesBucket`): a payload too large for SNS, up to 16 MiB of JSON, is
   * put there, and the job gets it all the same. Without it such a payload is refused.
   */
  readonly filesBucket?: string | undefined;
  /** How to reach the bucket. By default in the topic's Region, with the SNS client's credentials. */
  readonly s3?: S3ClientConfig | undefined;
  /**
   * How to reach EventBridge Scheduler, which delays jobs. By default in the topic's Region, with the SNS client's
   * credentials, and at its endpoint unless that is one of AWS's own.
   */
  readonly scheduler?: SchedulerClientConfig | undefined;
  /** The platform's API (the stack's output `ApiUrl`), which knows what becomes of jobs: what handles need. */
  readonly apiUrl?: string | undefined;
  /**
   * Makes the requests to the API, such as with a token: `(url, init) => fetch(url, { ...init, headers })`. By default
   * they are signed by IAM (Signature Version 4) with the SNS client's credentials.
   */
  readonly fetch?: Fetch | undefined;
}

/** Publishes jobs, typed against `JobTypes`: by default the jobs of this repository, by type imports alone. */
export interface Publisher<JobTypes = Jobs> {
  /**
   * Publishes one job later, by a one-off schedule that deletes itself: any time ahead, with a precision of one minute
   * (never early, up to a minute late). What is checked, and the handle, are those of a job that is published at once.
   * The same job under the same ID is scheduled once, however often it is given: again with `delay`, it stays at its
   * first time. Needs `platform.grantDelay`.
   * @throws {InvalidDelayError} when the time is unreadable, in the past, or after the year 9999
   * @throws {AlreadyDelayedError} when another payload, or another `at`, was given under that ID, and waits
   * @throws {DelayFailedError} when EventBridge Scheduler refuses
   */
  publish<J extends JobName<JobTypes> | AnyJob>(
    job: J,
    payload: NoInfer<PayloadFor<J, JobTypes>>,
    options: DelayedOptions,
  ): Promise<Delayed & JobHandle<ResultFor<J, JobTypes>>>;

  /**
   * Publishes one job, and gives a handle to follow it by where the job is tracked. Given by name, its payload is checked
   * by the compiler; given as its object, by its schema as well.
   * @throws {PublishError} before sending, one subclass for each reason; `PublishFailedError` when SNS refuses
   * @throws {InvalidPayloadError} when the payload does not fit the schema of the job object
   */
  publish<J extends JobName<JobTypes> | AnyJob>(
    job: J,
    payload: NoInfer<PayloadFor<J, JobTypes>>,
    options?: PublishOptions,
  ): Promise<Published & JobHandle<ResultFor<J, JobTypes>>>;

  /**
   * Takes a delayed job back.
   * @returns false when there is nothing to take back: it was published or cancelled before, or never delayed. In the
   * minute after its time it may come even though this says true
   * @throws {DelayFailedError}
   */
  cancel(jobId: string): Promise<boolean>;

  /**
   * Moves a delayed job to another time.
   * @returns false when its time has come, or there is no such job
   * @throws {InvalidDelayError | DelayFailedError}
   */
  reschedule(jobId: string, at: Date | string): Promise<boolean>;

  /** The handle of a job that was published earlier, or by somebody else. Nothing is asked of the API yet. */
  handle<J extends JobName<JobTypes> | AnyJob>(job: J, jobId: string): JobHandle<ResultFor<J, JobTypes>>;

  /**
   * Publishes many jobs, in batches of up to 10 and 256 KiB. One that fails never touches its neighbours.
   * @returns a result for each item, in their order
   */
  publishAll<const Js extends readonly (JobName<JobTypes> | AnyJob)[]>(
    items: { readonly [Index in keyof Js]: PublishItem<JobTypes, Js[Index]> },
    options?: { readonly onProgress?: ((progress: PublishProgress) => void) | undefined },
  ): Promise<PublishResult[]>;

  /**
   * Like `publishAll` for more items than memory holds: takes them as they are needed, and yields their results in
   * order. A batch leaves when it is full or the items end. An error of `items` itself is thrown after the results
   * of what had been taken.
   */
  publishStream(
    items: Iterable<PublishItem<JobTypes>> | AsyncIterable<PublishItem<JobTypes>>,
  ): AsyncGenerator<PublishResult, void, undefined>;
}

/** How many of the items have their result. */
export interface PublishProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Makes a publisher. It holds no resources of its own but the SNS client's connections.
 * @throws {PublishError} when `topicArn` is no SNS topic's ARN, or `apiUrl` no HTTP URL
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
      // A delay of none is a time, too.
      const atOnce = options.delay === undefined ? {} : { at: new Date(clock.now()) };
      const sent = await sendOne(message, way);
      // Which of the two it is, the overloads know.
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

/** Their types have done their work by now. */
type Items = Iterable<AnyItem> | AsyncIterable<AnyItem>;

/** Where it cannot be read, making the message of the item fails as well. */
function givenJobId(item: AnyItem): string | undefined {
  try {
    return item?.jobId;
  } catch {
    return undefined;
  }
}

/** SNS publishes in the topic's own Region only. */
function regionOf(topicArn: string): string {
  const topic = typeof topicArn === 'string' ? parseTopicArn(topicArn) : undefined;
  if (topic !== undefined) return topic.region;
  throw new PublishError(
    undefined,
    `topicArn must be a topic's ARN, ${topicArnForm}, was ${shown(topicArn)}: take it from the stack's outputs`,
  );
}
