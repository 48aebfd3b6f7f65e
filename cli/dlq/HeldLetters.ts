import { maxBatchEntries } from '../../src/message/limits.ts';
import type { Letter } from './letter.ts';
import { deleteLetters, type Failure } from './sendLetters.ts';
import type { SweptQueue } from './sweep.ts';

/**
 * Letters that were received and not deleted. They stay invisible until they are released, so that a sweep meets each
 * of them once; when the process dies without releasing them, SQS shows them again after 30 seconds.
 */
export class HeldLetters {
  readonly #queue: SweptQueue;
  readonly #now: () => number;
  readonly #holds = new Map<string, Hold>();
  readonly #timer: NodeJS.Timeout;
  #isProlonging = false;

  constructor(queue: SweptQueue) {
    this.#queue = queue;
    this.#now = queue.now ?? Date.now;
    this.#timer = setInterval(() => void this.#prolong(), 5_000).unref();
  }

  get size(): number {
    return this.#holds.size;
  }

  /**
   * Also for one that came back after all: its older receipt handle is worth nothing any more.
   * @param askedAtMs when they were asked for: SQS counts from some moment after that
   */
  add(letters: readonly Letter[], askedAtMs: number): void {
    const untilMs = askedAtMs + holdMs(this.#queue);
    for (const letter of letters) this.#holds.set(letter.messageId, { letter, untilMs });
  }

  /** Whether it is certain that nobody else has received the letter meanwhile. */
  isHeld({ messageId }: Letter): boolean {
    return this.#now() < (this.#holds.get(messageId)?.untilMs ?? 0);
  }

  /**
   * Deletes letters by their newest receipt handles. SQS also says yes to a handle that is not the newest or has expired,
   * whether it deletes the letter or not, so that such a one has failed.
   */
  async delete(
    letters: readonly Letter[],
  ): Promise<{ deleted: readonly Letter[]; failed: readonly Failure[] }> {
    const { sqs, queueUrl } = this.#queue;
    const newest = letters.map((letter) => this.#holds.get(letter.messageId)?.letter ?? letter);
    const { deleted, failed } = await deleteLetters(sqs, queueUrl, newest);
    const certain = deleted.filter((letter) => this.#hasNewest(letter) && this.isHeld(letter));
    const doubtful = deleted.filter((letter) => !certain.includes(letter));
    const failures = [...failed, ...doubtful.map((letter) => ({ letter, why: expired }))];
    // What is held no more was deleted by its newest handle meanwhile.
    const kept = failures.filter(({ letter }) => this.#holds.has(letter.messageId));
    for (const { messageId } of certain) this.#holds.delete(messageId);
    return { deleted: certain, failed: kept };
  }

  /** Makes all others visible again. What SQS refuses becomes visible by itself. */
  async releaseBut(kept: readonly Letter[]): Promise<void> {
    const ids = new Set(kept.map(({ messageId }) => messageId));
    const letters = [...this.#holds.values()].map(({ letter }) => letter);
    const released = letters.filter(({ messageId }) => !ids.has(messageId));
    for (const { messageId } of released) this.#holds.delete(messageId);
    await inTens(released, (ten) => this.#changeVisibility(ten, 0));
  }

  /** Makes all of them visible again, for good. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.releaseBut([]);
  }

  #hasNewest({ messageId, receiptHandle }: Letter): boolean {
    return this.#holds.get(messageId)?.letter.receiptHandle === receiptHandle;
  }

  async #prolong(): Promise<void> {
    if (this.#isProlonging) return;
    this.#isProlonging = true;
    const soonMs = this.#now() + holdMs(this.#queue) / 2;
    const due = [...this.#holds.values()].filter(({ untilMs }) => untilMs < soonMs);
    await inTens(
      due.map(({ letter }) => letter),
      (ten) => this.#prolongSome(ten),
    );
    this.#isProlonging = false;
  }

  /** A hold that ended before SQS answered has ended, whatever the answer. */
  async #prolongSome(letters: readonly Letter[]): Promise<void> {
    const held = letters.filter((letter) => this.#hasNewest(letter) && this.isHeld(letter));
    if (held.length === 0) return;
    const askedAtMs = this.#now();
    const prolonged = await this.#changeVisibility(held, holdSeconds(this.#queue));
    this.add(
      prolonged.filter((letter) => this.#hasNewest(letter) && this.isHeld(letter)),
      askedAtMs,
    );
  }

  /** @returns the letters for which SQS did it */
  async #changeVisibility(letters: readonly Letter[], seconds: number): Promise<Letter[]> {
    const { sqs, queueUrl } = this.#queue;
    const Entries = letters.map(({ receiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: seconds,
    }));
    const { Successful = [] } = await sqs
      .changeMessageVisibilityBatch({ QueueUrl: queueUrl, Entries })
      .catch(() => ({ Successful: [] }));
    const changed = new Set(Successful.map(({ Id }) => Id));
    return letters.filter((_, index) => changed.has(String(index)));
  }
}

interface Hold {
  /** With its newest receipt handle. */
  readonly letter: Letter;
  readonly untilMs: number;
}

const expired =
  'its receipt handle had expired (this computer slept, or was too slow), so SQS may have kept it';

/** The visibility timeout to ask for: the local platform divides it by its speed. SQS's bound is 12 hours. */
export function holdSeconds({ speed = 1 }: SweptQueue): number {
  return Math.min(Math.ceil(30 * speed), 43_200);
}

/** How long that is. */
function holdMs(queue: SweptQueue): number {
  return (holdSeconds(queue) * 1_000) / (queue.speed ?? 1);
}

/** SQS takes ten entries a call: hands over the items by tens, a few calls at a time. */
async function inTens<Item>(
  items: readonly Item[],
  call: (ten: readonly Item[]) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  async function lane(): Promise<void> {
    while (next < items.length) {
      const ten = items.slice(next, next + maxBatchEntries);
      next += maxBatchEntries;
      await call(ten);
    }
  }
  await Promise.all(Array.from({ length: callsAtATime }, lane));
}

const callsAtATime = 8;
