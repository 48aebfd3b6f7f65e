import {
  type BatchResultErrorEntry,
  PublishBatchCommand,
  type PublishBatchCommandOutput,
  type PublishBatchRequestEntry,
  type SNSClient,
} from '@aws-sdk/client-sns';
import type { Clock } from './clock.ts';
import { PublishFailedError } from './errors.ts';
import type { PublishResult } from './item.ts';
import type { Message } from './message.ts';

/** How often an entry that SNS could not take is sent. */
export const maxBatchAttempts = 5;

/**
 * Sends at most 10 messages in one PublishBatch call, and again those that SNS could not take through no fault of
 * theirs, after a growing, random delay. Gives a result for each message, in their order; never throws. A call that
 * fails as a whole has been retried by the SDK, so that its error is the result of all its messages.
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

/** What SNS said about a message: its ID, an entry of `Failed`, or what the call as a whole threw. */
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

/** HTTP 200 can hold failed entries. One that is in neither list counts as an error of SNS. */
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
export function callError(message: Message, thrown: unknown): PublishFailedError {
  const { name, message: reason } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new PublishFailedError(message, name, reason, { cause: thrown });
}

function isRetryable(answer: Answer): boolean {
  if (!('refused' in answer)) return false;
  const { SenderFault, Code = '' } = answer.refused;
  return SenderFault !== true || /throttl/i.test(Code);
}

/** Doubles from 100 ms up to 5 s; the random half of it keeps publishers from coming back all at once. */
function backoffMs(attempt: number, random: number): number {
  const longestMs = Math.min(100 * 2 ** (attempt - 1), 5000);
  return longestMs / 2 + (random * longestMs) / 2;
}
