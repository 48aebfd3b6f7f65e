import type { SQS } from '@aws-sdk/client-sqs';
import type { Letter } from '../message/letter.ts';
import { maxBatchEntries } from '../message/limits.ts';

/** The calls of SQS that settle a failed message. */
export interface JobQueue {
  /**
   * Makes messages visible again after their delays. Never rejects.
   * @returns SQS's reasons by the IDs of the messages for which it refused. These keep the queue's visibility timeout
   */
  delay(messages: readonly DelayedMessage[], signal: AbortSignal): Promise<ReadonlyMap<string, Error>>;
  /** Sends a message to the dead-letter queue. Rejects when SQS has not taken it. */
  sendDeadLetter(letter: Letter, signal: AbortSignal): Promise<unknown>;
  /** Sends a message to the job's own queue again. Rejects when SQS has not taken it. */
  sendAgain(letter: Letter, signal: AbortSignal): Promise<unknown>;
  /** Prepares for these calls, where that takes time. */
  prepare?(): void;
}

/** An entry of SQS's ChangeMessageVisibilityBatch. `Id` is the message's ID. */
export interface DelayedMessage {
  readonly Id: string;
  readonly ReceiptHandle: string;
  /** Seconds from now. */
  readonly VisibilityTimeout: number;
}

/**
 * The job's queues on SQS. The SDK is loaded on first use, so that only the first failure pays its 55 ms. A Lambda
 * bundle does not carry the SDK, because Lambda has it.
 */
export function sqsJobQueue({
  queueUrl,
  deadLetterQueueUrl,
}: {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}): JobQueue {
  let loading: Promise<SQS> | undefined;
  const loaded = (): Promise<SQS> => {
    loading ??= import('@aws-sdk/client-sqs').then((sdk) => new sdk.SQS({}));
    return loading;
  };
  /** Makes a call unless the signal is aborted before: a small function takes seconds to load the SDK. */
  const inTime = <T>(signal: AbortSignal, call: (sqs: SQS) => Promise<T>): Promise<T> => {
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    return Promise.race([loaded(), late]).then(call);
  };
  const sendTo =
    (QueueUrl: string) =>
    (letter: Letter, abortSignal: AbortSignal): Promise<unknown> =>
      inTime(abortSignal, (sqs) => sqs.sendMessage({ QueueUrl, ...letter }, { abortSignal }));
  const changeVisibilities = (Entries: DelayedMessage[], abortSignal: AbortSignal): Promise<Refusal[]> => {
    const input = { QueueUrl: queueUrl, Entries };
    return inTime(abortSignal, (sqs) => sqs.changeMessageVisibilityBatch(input, { abortSignal })).then(
      ({ Failed = [] }) => Failed.map(({ Id = '', Code, Message }) => [Id, new Error(`${Code}: ${Message}`)]),
      (error: Error) => Entries.map(({ Id }) => [Id, error]),
    );
  };
  return {
    async delay(messages, signal) {
      const calls: Promise<Refusal[]>[] = [];
      for (let from = 0; from < messages.length; from += maxBatchEntries) {
        calls.push(changeVisibilities(messages.slice(from, from + maxBatchEntries), signal));
      }
      return new Map((await Promise.all(calls)).flat());
    },
    sendDeadLetter: sendTo(deadLetterQueueUrl),
    sendAgain: sendTo(queueUrl),
    prepare: () => void loaded().catch(() => {}), // the call that needs the SDK reports the error
  };
}

type Refusal = readonly [messageId: string, why: Error];
