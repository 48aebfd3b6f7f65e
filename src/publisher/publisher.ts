import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { AnyJob } from '../job/index.ts';
import type { Jobs } from '../jobs.generated.ts';
import { type Clock, systemClock } from './clock.ts';
import { PublishError } from './errors.ts';
import type {
  AnyItem,
  JobName,
  PayloadFor,
  Published,
  PublishItem,
  PublishOptions,
  PublishResult,
} from './item.ts';
import { type Message, toMessage } from './message.ts';
import { callError, sendBatch } from './sendBatch.ts';
import { publishStream, type StreamSteps } from './stream.ts';
import { uuidv7Maker } from './uuid.ts';

export interface PublisherOptions {
  /** The platform's topic: `arn:aws:sns:<region>:<account>:<name>`. */
  readonly topicArn: string;
  /** The client to send with. By default one for the topic's Region, configured by the environment. */
  readonly client?: SNSClient | undefined;
}

/** Publishes jobs, typed against `JobTypes`: by default the jobs of this repository, by type imports alone. */
export interface Publisher<JobTypes = Jobs> {
  /**
   * Publishes one job. Given by name, its payload is checked by the compiler; given as its object, by its schema as well.
   * @throws {PublishError} before sending, one subclass for each reason; `PublishFailedError` when SNS refuses
   * @throws {InvalidPayloadError} when the payload does not fit the schema of the job object
   */
  publish<J extends JobName<JobTypes> | AnyJob>(
    job: J,
    payload: NoInfer<PayloadFor<J, JobTypes>>,
    options?: PublishOptions,
  ): Promise<Published>;

  /**
   * Publishes many jobs, in batches of up to 10 and 256 KiB. One that fails never touches its neighbours.
   * @returns a result for each item, in their order
   */
  publishAll(
    items: readonly PublishItem<JobTypes>[],
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
 * @throws {PublishError} when `topicArn` is no SNS topic's ARN
 */
export function createPublisher<JobTypes = Jobs>(
  { topicArn, client }: PublisherOptions,
  clock: Clock = systemClock,
): Publisher<JobTypes> {
  const region = regionOf(topicArn);
  const sns = client ?? new SNSClient({ region });
  const makeJobId = uuidv7Maker(clock.now);
  const steps: StreamSteps = {
    jobIdOf: (item) => item?.jobId ?? makeJobId(),
    prepare: (item, jobId) => toMessage(item, jobId, new Date(clock.now()).toISOString()),
    send: (messages) => sendBatch(sns, topicArn, messages, clock),
  };

  return {
    async publish(job, payload, options = {}) {
      const item = { ...options, job, payload };
      return sendOne(sns, topicArn, await steps.prepare(item, steps.jobIdOf(item)));
    },

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

/** SNS publishes in the topic's own Region only. */
function regionOf(topicArn: string): string {
  const region = /^arn:[^:]+:sns:([^:]+):[^:]*:[^:]+$/.exec(topicArn)?.[1];
  if (region !== undefined) return region;
  throw new PublishError(
    undefined,
    `topicArn must be a topic's ARN, arn:aws:sns:<region>:<account>:<name>, was ${JSON.stringify(topicArn)}: take it from the stack's outputs`,
  );
}

async function sendOne(sns: SNSClient, topicArn: string, message: Message): Promise<Published> {
  const { jobId, body, attributes, group } = message;
  const command = new PublishCommand({
    TopicArn: topicArn,
    Message: body,
    MessageAttributes: { ...attributes },
    ...(group === undefined ? {} : { MessageGroupId: group }),
  });
  try {
    const { MessageId = '' } = await sns.send(command);
    return { jobId, messageId: MessageId };
  } catch (error) {
    throw callError(message, error);
  }
}
