import {
  type BatchResultErrorEntry,
  PublishBatchCommand,
  type PublishBatchCommandOutput,
  type PublishBatchRequestEntry,
  PublishCommand,
  type SNSClient,
} from '@aws-sdk/client-sns';
import type { Clock } from './clock.ts';
import type { Delay } from './delay/delay.ts';
import { PublishFailedError } from './errors.ts';
import type { Delayed, Published, PublishResult } from './item.ts';
import type { Message } from './message.ts';

/** What sending needs. */
export interface Way {
  readonly sns: SNSClient;
  readonly topicArn: string;
  readonly delay: Delay;
  readonly clock: Clock;
}

/**
 * Publishes one message, or schedules it. A message whose time came while its payload was stored is published at once.
 * @throws {PublishFailedError | DelayError}
 */
export async function sendOne(message: Message, way: Way): Promise<Published | Delayed> {
  const { jobId, at } = message;
  if (isLater(message, way)) return { jobId, at: (await way.delay.schedule(message, message.at)).at };
  const { messageId } = await publish(message, way);
  return { jobId, messageId, ...(at && { at }) };
}

/** Publishes or schedules up to 10 messages. Gives a result for each, in their order. Never throws. */
export async function sendSome(messages: readonly Message[], way: Way): Promise<PublishResult[]> {
  const { sns, topicArn, clock } = way;
  const now = messages.filter((message) => !isLater(message, way));
  const [published, delayed] = await Promise.all([
    now.length === 0 ? [] : sendBatch(sns, topicArn, now, clock),
    Promise.all(
      messages.filter((message) => !now.includes(message)).map((message) => scheduled(message, way)),
    ),
  ]);
  const results = { published: published.values(), delayed: delayed.values() };
  return messages.map(
    (message) => results[now.includes(message) ? 'published' : 'delayed'].next().value as PublishResult,
  );
}

function isLater(message: Message, { clock }: Way): message is Message & { at: Date } {
  return message.at !== undefined && message.at.getTime() > clock.now();
}

async function scheduled(message: Message, { delay }: Way): Promise<PublishResult> {
  const { jobId } = message;
  try {
    const { at } = await delay.schedule(message, message.at as Date);
    return { status: 'delayed', jobId, at };
  } catch (error) {
    return { status: 'failed', jobId, error: error as Error };
  }
}

async function publish(message: Message, { sns, topicArn }: Way): Promise<Published> {
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

/** How often an entry is sent at most while SNS cannot take it. */
export const maxBatchAttempts = 5;

/**
 * Sends up to 10 messages in one PublishBatch call. Messages that SNS could not take, through no fault of theirs, are
 * sent again after a growing, partly random delay. When the call as a whole fails, the SDK has already retried it, and
 * its error is the result of all messages. Gives a result for each message, in their order. Never throws.
 */
export async function sendBatch(
  sns: SNSClient,
  topicArn: string,
  messages: readonly Message[],
  clock: Clock,
): Promise<PublishResult[]> {
  const results = new Map<Message, PublishResult>();
  let waiting = messages;
  for (let attempt = 1; waiting.length > 0; attempt += 1) {
    const answers = await send(sns, topicArn, waiting);
    for (const answer of answers) results.set(answer.message, resultOf(answer));
    const again = attempt < maxBatchAttempts ? answers.filter(isRetryable) : [];
    waiting = again.map((answer) => answer.message);
    if (waiting.length > 0) await clock.sleep(backoffMs(attempt, clock.random()));
  }
  return messages.map((message) => results.get(message) as PublishResult);
}

/** SNS's answer about a message: its ID, an entry of `Failed`, or what the call as a whole threw. */
type Answer = { readonly message: Message } & (
  | { readonly messageId: string }
  | { readonly refused: BatchResultErrorEntry }
  | { readonly thrown: unknown }
);

async function send(sns: SNSClient, topicArn: string, messages: readonly Message[]): Promise<Answer[]> {
  try {
    const output = await sns.send(
      new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: messages.map(entryOf) }),
    );
    return messages.map((message, index) => answerOf(message, String(index), output));
  } catch (thrown) {
    return messages.map((message) => ({ message, thrown }));
  }
}

function entryOf({ body, attributes, group }: Message, index: number): PublishBatchRequestEntry {
  return {
    Id: String(index),
    Message: body,
    MessageAttributes: { ...attributes },
    ...(group === undefined ? {} : { MessageGroupId: group }),
  };
}

/** The answer about one message. A message that is in neither list of the output counts as an error of SNS. */
function answerOf(message: Message, id: string, output: PublishBatchCommandOutput): Answer {
  const { Successful = [], Failed = [] } = output;
  const messageId = Successful.find((entry) => entry.Id === id)?.MessageId;
  if (messageId !== undefined) return { message, messageId };
  const refused = Failed.find((entry) => entry.Id === id);
  return { message, refused: refused ?? { Id: id, Code: 'NoAnswer', SenderFault: false } };
}

function resultOf(answer: Answer): PublishResult {
  const { jobId } = answer.message;
  if ('messageId' in answer) return { status: 'published', jobId, messageId: answer.messageId };
  const error =
    'refused' in answer
      ? refusalError(answer.message, answer.refused)
      : callError(answer.message, answer.thrown);
  return { status: 'failed', jobId, error };
}

function refusalError(message: Message, { Code = 'Unknown', Message: reason }: BatchResultErrorEntry) {
  return new PublishFailedError(message, Code, reason ?? 'SNS gave no reason');
}

/** The error for a message whose whole call failed. */
function callError(message: Message, thrown: unknown): PublishFailedError {
  const { name, message: reason } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new PublishFailedError(message, name, reason, { cause: thrown });
}

function isRetryable(answer: Answer): boolean {
  if (!('refused' in answer)) return false;
  const { SenderFault, Code = '' } = answer.refused;
  return SenderFault !== true || /throttl/i.test(Code);
}

/** Doubles from 100 ms to 5 s. Half of it is random, so that publishers do not all come back at once. */
function backoffMs(attempt: number, random: number): number {
  const longestMs = Math.min(100 * 2 ** (attempt - 1), 5000);
  return longestMs / 2 + (random * longestMs) / 2;
}
