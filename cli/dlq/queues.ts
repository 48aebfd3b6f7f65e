import type * as sdk from '@aws-sdk/client-sqs';
import { lastPart, parseArn, platformNames, queueArnOf, queueNamePrefix } from '../../src/names.ts';
import { CommandError } from '../outcome.ts';
import { jobQueuesOf, type Target } from '../target.ts';
import { nameAdvice } from '../text.ts';

/** A queue where messages wait for somebody to look at them. */
export interface DeadLetterQueue {
  /** The job's name, or `unrouted` or `undelivered`. */
  readonly name: string;
  readonly queueUrl: string;
  /** Where a job's dead letters came from; undefined for unrouted and undelivered, which go through the topic. */
  readonly jobQueueUrl: string | undefined;
}

/** The names of the queues that belong to no job. */
const safetyNets = ['unrouted', 'undelivered'] as const;

/** @throws {CommandError} for a name that the target does not know, with the nearest one */
export async function findDeadLetterQueue(target: Target, sqs: Sqs, name: string): Promise<DeadLetterQueue> {
  const ofJobs = await jobDeadLetterQueues(target, sqs);
  const [found] = isSafetyNet(name)
    ? await safetyNet(target, sqs, name)
    : ofJobs.filter((queue) => queue.name === name);
  if (found !== undefined) return found;
  const names = [...ofJobs.map((queue) => queue.name), ...safetyNets];
  throw new CommandError(
    `${target.name} has no dead-letter queue of a job '${name}'. ${nameAdvice(name, names)}`,
  );
}

/** The dead-letter queues of all jobs, then the unrouted and the undelivered queue. */
export async function listDeadLetterQueues(target: Target, sqs: Sqs): Promise<DeadLetterQueue[]> {
  const nets = await Promise.all(safetyNets.map((name) => safetyNet(target, sqs, name)));
  return [...(await jobDeadLetterQueues(target, sqs)), ...nets.flat()];
}

export function isSafetyNet(name: string): boolean {
  return (safetyNets as readonly string[]).includes(name);
}

/** The names of the jobs that the target runs. */
export async function jobNames(target: Target, sqs: Sqs): Promise<string[]> {
  return Object.keys(target.jobs ?? (await jobsByName(target, sqs)));
}

/** A queue's ARN: in the Region and partition of the topic. */
export function queueArn({ topicArn }: Target, queueUrl: string): string {
  return queueArnOf(queueUrl, parseArn(topicArn) ?? { partition: 'aws', region: '' });
}

async function jobDeadLetterQueues(target: Target, sqs: Sqs): Promise<DeadLetterQueue[]> {
  const jobs = target.jobs ?? (await jobsByName(target, sqs));
  return Object.entries(jobs)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, { queueUrl, deadLetterQueueUrl }]) =>
      deadLetterQueueUrl === null ? [] : [{ name, queueUrl: deadLetterQueueUrl, jobQueueUrl: queueUrl }],
    );
}

/** Finds the queue by its name, which begins with the topic's, `<platform>-<stage>`. */
async function safetyNet({ topicArn }: Target, sqs: Sqs, name: string): Promise<DeadLetterQueue[]> {
  try {
    const { QueueUrl = '' } = await sqs.getQueueUrl({ QueueName: safetyNetQueueName(topicArn, name) });
    return [{ name, queueUrl: QueueUrl, jobQueueUrl: undefined }];
  } catch (error) {
    if ((error as Error).name === 'QueueDoesNotExist') return [];
    throw error;
  }
}

function safetyNetQueueName(topicArn: string, name: string): string {
  const { unroutedQueue, undeliveredQueue } = platformNames(lastPart(topicArn));
  return name === 'unrouted' ? unroutedQueue : undeliveredQueue;
}

/** Finds the jobs by the names of the queues, when only the topic is known. */
async function jobsByName({ topicArn }: Target, sqs: Sqs): Promise<NonNullable<Target['jobs']>> {
  const urls: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await sqs.listQueues({
      QueueNamePrefix: queueNamePrefix(lastPart(topicArn)),
      MaxResults: 1000,
      ...(NextToken && { NextToken }),
    });
    urls.push(...(page.QueueUrls ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return jobQueuesOf(topicArn, urls);
}

/** How many messages a queue has by its attributes, which SQS counts approximately. */
export interface Depth {
  readonly queue: DeadLetterQueue;
  /** Visible and delayed. */
  readonly waiting: number;
  /** Received by somebody, and not visible now. */
  readonly inFlight: number;
  readonly retentionSeconds: number;
}

export async function depthOf(sqs: AttributeCall, queue: DeadLetterQueue): Promise<Depth> {
  return { queue, ...(await numbersOf(sqs, queue.queueUrl)) };
}

/** How many messages a queue has, visible or not. */
export async function countOf(sqs: AttributeCall, queueUrl: string): Promise<number> {
  const { waiting, inFlight } = await numbersOf(sqs, queueUrl);
  return waiting + inFlight;
}

/** How long messages are kept, in seconds of real time; the local platform divides the retention by its speed. */
export function keptSeconds({ retentionSeconds }: Depth, { speed = 1 }: Target): number {
  return retentionSeconds / speed;
}

type AttributeCall = Pick<MoveCalls, 'getQueueAttributes'>;

async function numbersOf(sqs: AttributeCall, QueueUrl: string): Promise<Omit<Depth, 'queue'>> {
  const { Attributes = {} } = await sqs.getQueueAttributes({
    QueueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
      'MessageRetentionPeriod',
    ],
  });
  const number = (name: keyof typeof Attributes): number => Number(Attributes[name] ?? 0);
  return {
    waiting: number('ApproximateNumberOfMessages') + number('ApproximateNumberOfMessagesDelayed'),
    inFlight: number('ApproximateNumberOfMessagesNotVisible'),
    retentionSeconds: number('MessageRetentionPeriod'),
  };
}

/** The calls of SQS that the commands make; the SDK's `SQS` has them all, and tests give their own. */
export interface Sqs extends MessageCalls, MoveCalls {
  getQueueUrl: Call<sdk.GetQueueUrlRequest, sdk.GetQueueUrlResult>;
  listQueues: Call<sdk.ListQueuesRequest, sdk.ListQueuesResult>;
}

/** The calls that move messages one by one. */
export interface MessageCalls {
  receiveMessage: Call<sdk.ReceiveMessageRequest, sdk.ReceiveMessageResult>;
  sendMessageBatch: Call<sdk.SendMessageBatchRequest, Partial<sdk.SendMessageBatchResult>>;
  deleteMessageBatch: Call<sdk.DeleteMessageBatchRequest, Partial<sdk.DeleteMessageBatchResult>>;
  changeMessageVisibilityBatch: Call<
    sdk.ChangeMessageVisibilityBatchRequest,
    Partial<sdk.ChangeMessageVisibilityBatchResult>
  >;
}

/** The calls that move a whole queue. */
export interface MoveCalls {
  getQueueAttributes: Call<sdk.GetQueueAttributesRequest, sdk.GetQueueAttributesResult>;
  startMessageMoveTask: Call<sdk.StartMessageMoveTaskRequest, sdk.StartMessageMoveTaskResult>;
  listMessageMoveTasks: Call<sdk.ListMessageMoveTasksRequest, sdk.ListMessageMoveTasksResult>;
  cancelMessageMoveTask: Call<sdk.CancelMessageMoveTaskRequest, sdk.CancelMessageMoveTaskResult>;
}

type Call<Input, Output> = (input: Input) => Promise<Output>;
