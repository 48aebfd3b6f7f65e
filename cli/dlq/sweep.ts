import { HeldLetters, holdSeconds } from './HeldLetters.ts';
import { type Letter, readLetter } from './letter.ts';
import { countOf, type MessageCalls, type MoveCalls } from './queues.ts';
import type { Failure } from './sendLetters.ts';

export interface SweptQueue {
  readonly sqs: Pick<MessageCalls, 'receiveMessage' | 'changeMessageVisibilityBatch' | 'deleteMessageBatch'> &
    Pick<MoveCalls, 'getQueueAttributes'>;
  readonly queueUrl: string;
  /** The local platform's speed; undefined on AWS. */
  readonly speed?: number | undefined;
  /** Epoch ms; the real time by default. */
  readonly now?: (() => number) | undefined;
}

export interface Sweep {
  /**
   * Deletes letters, and tells `onDeleted` of each once it is deleted for certain. A letter whose receipt handle had expired
   * may come back; it is then deleted by its new handle.
   * @returns the letters that may not be deleted
   */
  remove(letters: readonly Letter[]): Promise<readonly Failure[]>;
  /** Makes all other letters visible at once, before the sweep ends. */
  giveBackBut(letters: readonly Letter[]): Promise<void>;
  /** Whether it is certain that nobody else has received the letter meanwhile. */
  isHeld(letter: Letter): boolean;
  /** Ends the sweep after this batch. */
  stop(): void;
}

interface SweepOptions {
  /** Ends the sweep after the batches in hand. */
  readonly signal: AbortSignal;
  /** Calls at a time. */
  readonly lanes?: number | undefined;
  /** Letters for the next call, 1 to 10. */
  batchSize?(): number;
  onDeleted?(letters: readonly Letter[]): void;
}

/**
 * Goes through a queue once. It hands the visible letters to `visit` in batches of up to ten, each letter once. At the end,
 * even after an error, it makes the letters visible again that the visits did not remove.
 *
 * Letters are not made visible earlier: SQS has no cursor, so a letter that is given back is received again, and a letter
 * that was received three times drops out of the age that the alarm looks at.
 * @throws the first error of a visit or of SQS, after the batches in hand are finished
 */
export async function sweep(
  queue: SweptQueue,
  visit: (letters: readonly Letter[], sweep: Sweep) => Promise<void>,
  { signal, lanes = 4, batchSize = () => 10, onDeleted }: SweepOptions,
): Promise<void> {
  const held = new HeldLetters(queue);
  const seen = new Set<string>();
  const removed = new Set<string>();
  /** Letters that were removed, but may not be deleted. */
  const doubtful = new Map<string, Letter>();
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  const giveBackBut = (letters: readonly Letter[]): Promise<void> => held.releaseBut(letters);
  const isHeld = (letter: Letter): boolean => held.isHeld(letter);

  /** A lane ends when it receives nothing new. Letters in the hands of another lane may still come back. */
  async function lane(): Promise<void> {
    let repeats = 0;
    while (!stopped && !signal.aborted) {
      const letters = await receive(queue, held, batchSize());
      if (letters.length === 0) return;
      await removeAgain(letters);
      const fresh = letters.filter(({ messageId }) => !seen.has(messageId));
      for (const { messageId } of fresh) seen.add(messageId);
      if (fresh.length > 0) {
        repeats = 0;
        await visit(fresh, { remove, giveBackBut, isHeld, stop });
      } else {
        repeats += letters.length;
        if (repeats > seen.size) return; // all letters came back, and no new one
      }
    }
  }

  async function remove(letters: readonly Letter[]): Promise<readonly Failure[]> {
    for (const letter of letters) {
      if (!removed.has(letter.messageId)) doubtful.set(letter.messageId, letter);
      removed.add(letter.messageId);
    }
    const { deleted, failed } = await held.delete(letters);
    areDeleted(deleted);
    return failed;
  }

  async function removeAgain(letters: readonly Letter[]): Promise<void> {
    const back = letters.filter(({ messageId }) => removed.has(messageId));
    if (back.length > 0) await remove(back);
  }

  /** Doubtful letters that did not come back are deleted for certain if the queue holds nothing but the held ones. */
  async function settle(): Promise<void> {
    if (doubtful.size === 0) return;
    const count = await countOf(queue.sqs, queue.queueUrl).catch(() => undefined);
    if (count !== undefined && count <= held.size - doubtful.size) areDeleted([...doubtful.values()]);
  }

  function areDeleted(letters: readonly Letter[]): void {
    const news = letters.filter(({ messageId }) => doubtful.delete(messageId));
    if (news.length > 0) onDeleted?.(news);
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
    await settle();
  } finally {
    await held.release();
  }
}

/**
 * An empty answer means that no message is visible. On AWS that takes a long poll, which asks all of SQS's servers; a short
 * one asks only some. The call is never aborted, because the messages that it takes must be given back.
 */
async function receive(queue: SweptQueue, held: HeldLetters, count: number): Promise<Letter[]> {
  const { sqs, queueUrl, speed, now = Date.now } = queue;
  const askedAtMs = now();
  const { Messages = [] } = await sqs.receiveMessage({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: count,
    VisibilityTimeout: holdSeconds(queue),
    WaitTimeSeconds: speed === undefined ? 1 : 0,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: [
      'SentTimestamp',
      'ApproximateReceiveCount',
      'ApproximateFirstReceiveTimestamp',
      'MessageGroupId',
      'DeadLetterQueueSourceArn',
    ],
  });
  const letters = Messages.map(readLetter);
  held.add(letters, askedAtMs);
  return letters;
}
