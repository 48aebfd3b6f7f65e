import { HeldLetters, holdSeconds } from './HeldLetters.ts';
import { type Letter, readLetter } from './letter.ts';
import type { MessageCalls } from './sqs.ts';

export interface SweptQueue {
  readonly sqs: Pick<MessageCalls, 'receiveMessage' | 'changeMessageVisibilityBatch'>;
  readonly queueUrl: string;
  /** The local platform's; undefined on AWS. */
  readonly speed?: number | undefined;
}

export interface Sweep {
  /** These are deleted: they are not made visible again. */
  gone(letters: readonly Letter[]): void;
  /** Ends the sweep after this batch. */
  stop(): void;
}

export interface SweepOptions {
  /** Ends the sweep after the batches in hand. */
  readonly signal: AbortSignal;
  /** Calls at a time. */
  readonly lanes?: number | undefined;
  /** Letters a call, 1 to 10. */
  readonly batchSize?: number | undefined;
}

/**
 * Goes through a queue once: hands over what is visible in batches of up to ten, each letter once, and in the end
 * makes visible again what the visits did not delete, at once and whatever happened.
 *
 * Nothing is made visible before: SQS has no cursor, so a letter given back is received again, and one that has been
 * received three times drops out of the age that the alarm looks at.
 * @throws what a visit or SQS threw first, after all batches in hand are done with
 */
export async function sweep(
  queue: SweptQueue,
  visit: (letters: readonly Letter[], sweep: Sweep) => Promise<void>,
  { signal, lanes = 4, batchSize = 10 }: SweepOptions,
): Promise<void> {
  const held = new HeldLetters(queue);
  const seen = new Set<string>();
  let repeatingAnswers = 0;
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };

  async function lane(): Promise<void> {
    while (!stopped && !signal.aborted) {
      const letters = await receive(queue, batchSize);
      held.add(letters);
      const fresh = letters.filter(({ messageId }) => !seen.has(messageId));
      for (const { messageId } of fresh) seen.add(messageId);
      if (fresh.length > 0) {
        repeatingAnswers = 0;
        await visit(fresh, { gone: (letters) => held.forget(letters), stop });
      } else {
        repeatingAnswers += 1;
        if (letters.length === 0 || repeatingAnswers >= enoughRepeats) stop();
      }
    }
  }

  try {
    const ends = await Promise.allSettled(
      Array.from({ length: lanes }, () =>
        lane().catch((error: unknown) => {
          stop();
          throw error;
        }),
      ),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } finally {
    await held.release();
  }
}

/** Answers in a row with nothing but letters that have come back although they are held. */
const enoughRepeats = 3;

/**
 * No message means that there is none: on AWS by a long poll, which asks all of SQS's servers, where a short one asks
 * only some. It is never aborted: what it takes must be given back.
 */
async function receive(queue: SweptQueue, count: number): Promise<Letter[]> {
  const { Messages = [] } = await queue.sqs.receiveMessage({
    QueueUrl: queue.queueUrl,
    MaxNumberOfMessages: count,
    VisibilityTimeout: holdSeconds(queue),
    WaitTimeSeconds: queue.speed === undefined ? 1 : 0,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount', 'MessageGroupId'],
  });
  return Messages.map(readLetter);
}
