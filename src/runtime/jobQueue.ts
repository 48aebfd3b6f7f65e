import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DeadLetter } from './deadLetter.ts';

/** What the outcome of a failed message needs of SQS. */
export interface JobQueue {
  /**
   * Makes messages visible again after their delays.
   * @returns the message IDs for which SQS refused, with its reason; theirs stays the queue's visibility timeout
   */
  delay(messages: readonly DelayedMessage[], signal: AbortSignal): Promise<ReadonlyMap<string, Error>>;
  /** Sends a message to the dead-letter queue; throws when SQS did not take it. */
  sendDeadLetter(letter: DeadLetter, signal: AbortSignal): Promise<void>;
}

export interface DelayedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly delaySeconds: number;
}

/**
 * The job's queues on SQS. The SDK is loaded on first use: its 55 ms of cold start are paid by the first failure
 * only, and a Lambda bundle does not carry it (the runtime does).
 */
export function sqsJobQueue(urls: {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}): JobQueue {
  let loading: Promise<LoadedSdk> | undefined;
  const loaded = (): Promise<LoadedSdk> => {
    loading ??= loadSdk();
    return loading;
  };
  return {
    async delay(messages, signal) {
      const { client, sdk } = await loaded();
      const refused = await Promise.all(
        batchesOfTen(messages).map((batch) => {
          const Entries = batch.map(({ messageId, receiptHandle, delaySeconds }) => ({
            Id: messageId,
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: delaySeconds,
          }));
          const command = new sdk.ChangeMessageVisibilityBatchCommand({ QueueUrl: urls.queueUrl, Entries });
          return client.send(command, { abortSignal: signal }).then(
            ({ Failed = [] }) =>
              Failed.map(({ Id = '', Code, Message }) => [Id, new Error(`${Code}: ${Message}`)] as const),
            (error: Error) => batch.map(({ messageId }) => [messageId, error] as const),
          );
        }),
      );
      return new Map(refused.flat());
    },

    async sendDeadLetter(letter, signal) {
      const { client, sdk } = await loaded();
      await client.send(new sdk.SendMessageCommand({ QueueUrl: urls.deadLetterQueueUrl, ...letter }), {
        abortSignal: signal,
      });
    },
  };
}

interface LoadedSdk {
  readonly sdk: typeof import('@aws-sdk/client-sqs');
  readonly client: SQSClient;
}

async function loadSdk(): Promise<LoadedSdk> {
  const sdk = await import('@aws-sdk/client-sqs');
  return { sdk, client: new sdk.SQSClient({}) };
}

/** SQS takes ten entries a call. A message ID, a UUID, serves as its entry's. */
function batchesOfTen<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / 10) }, (_, index) =>
    items.slice(index * 10, index * 10 + 10),
  );
}
