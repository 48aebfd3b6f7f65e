import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  SendMessageCommand,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { Letter } from '../message/letter.ts';
import { maxBatchEntries } from '../message/limits.ts';
import { sqsRecord, systemAttributes } from '../message/sqsRecord.ts';
import type { JobQueue } from '../runtime/jobQueue.ts';
import { SqsConnection } from './connection.ts';

/** A job's queues for a worker, which also receives messages, keeps them invisible and deletes them. */
export interface WorkerQueue extends JobQueue {
  /** Receives up to `maxMessages` (1 to 10), and waits for the first for up to `waitSeconds` (0 to 20). */
  receive(maxMessages: number, waitSeconds: number): Promise<SQSRecord[]>;
  /** Makes a message visible again after so many seconds from now. */
  changeVisibility(receiptHandle: string, seconds: number): Promise<void>;
  delete(receiptHandle: string): Promise<void>;
  /** Looks for credentials again. */
  renewCredentials(): void;
  /** Ends all calls that are still being made. */
  close(): void;
}

interface WorkerQueueOptions {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** How long a received message stays invisible. */
  readonly visibilityTimeoutSeconds: number;
  readonly clientConfig?: SQSClientConfig | undefined;
}

/** A job's queues on SQS. Deletes and changes of visibility are gathered into batches. */
export function sqsWorkerQueue({
  queueUrl,
  deadLetterQueueUrl,
  visibilityTimeoutSeconds,
  clientConfig,
}: WorkerQueueOptions): WorkerQueue {
  const connection = new SqsConnection(queueUrl, clientConfig);
  const deletes = new EntryBatches<string>(async (handles) => {
    const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    const { Failed } = await connection.deleteBatch({ QueueUrl: queueUrl, Entries });
    return refusals(Failed);
  });
  const visibilities = new EntryBatches<{ handle: string; seconds: number }>(async (changes) => {
    const Entries = changes.map(({ handle, seconds }, index) => ({
      Id: String(index),
      ReceiptHandle: handle,
      VisibilityTimeout: seconds,
    }));
    const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries });
    const { Failed } = await connection.client.send(command, {
      abortSignal: AbortSignal.timeout(callTimeoutMs),
    });
    return refusals(Failed);
  });
  const changeVisibility = (handle: string, seconds: number): Promise<void> =>
    visibilities.add({ handle, seconds });

  const sendTo = (QueueUrl: string) => (letter: Letter, abortSignal: AbortSignal) =>
    connection.client.send(new SendMessageCommand({ QueueUrl, ...letter }), { abortSignal });

  return {
    async receive(maxMessages, waitSeconds) {
      const { Messages = [] } = await connection.receive({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: maxMessages,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilityTimeoutSeconds,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: [...systemAttributes],
      });
      return Messages.map((message) => sqsRecord(message));
    },

    changeVisibility,

    async delay(messages) {
      const refused = messages.map(({ Id, ReceiptHandle, VisibilityTimeout }) =>
        changeVisibility(ReceiptHandle, VisibilityTimeout).then(
          () => [],
          (error: Error) => [[Id, error] as const],
        ),
      );
      return new Map((await Promise.all(refused)).flat());
    },

    sendDeadLetter: sendTo(deadLetterQueueUrl),
    sendAgain: sendTo(queueUrl),

    delete: (handle) => deletes.add(handle),
    renewCredentials: () => connection.renewCredentials(),
    close: () => connection.close(),
  };
}

/** SQS refused one entry of a batch. `name` is SQS's code, such as `ReceiptHandleIsInvalid`. */
export class EntryRefusedError extends Error {
  override readonly name: string;

  constructor({ Code = 'Unknown', Message = '' }: Pick<BatchResultErrorEntry, 'Code' | 'Message'>) {
    super(Message);
    this.name = Code.replace(/^.*[.#]/, '');
  }
}

function refusals(failed: readonly BatchResultErrorEntry[] = []): Map<number, Error> {
  return new Map(failed.map((entry) => [Number(entry.Id), new EntryRefusedError(entry)]));
}

/** How long SQS may take for a call that does not wait for messages. */
const callTimeoutMs = 20_000;

/** Sends entries. Gives SQS's refusals by the entries' indexes, and rejects when the call as a whole failed. */
type SendEntries<Entry> = (entries: readonly Entry[]) => Promise<ReadonlyMap<number, Error>>;

/** Gathers single entries into batched calls. */
export class EntryBatches<Entry> {
  readonly #send: SendEntries<Entry>;
  #waiting: Waiting<Entry>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(send: SendEntries<Entry>) {
    this.#send = send;
  }

  /** Resolves when SQS has taken the entry, with up to nine others. Rejects when SQS refused it, or the call failed. */
  add(entry: Entry): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ entry, resolve, reject });
    if (this.#waiting.length === maxBatchEntries) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), maxWaitMs);
    return promise;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#send(batch.map(({ entry }) => entry)).then(
      (refused) => {
        for (const [index, { resolve, reject }] of batch.entries()) {
          const error = refused.get(index);
          if (error === undefined) resolve();
          else reject(error);
        }
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  }
}

interface Waiting<Entry> {
  readonly entry: Entry;
  resolve(): void;
  reject(error: unknown): void;
}

/** How long an entry waits for others, in milliseconds: far less than a call takes. */
const maxWaitMs = 3;
