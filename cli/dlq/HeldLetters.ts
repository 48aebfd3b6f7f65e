import { maxBatchEntries } from '../../src/message/limits.ts';
import type { Letter } from './letter.ts';
import { deleteLetters, type Failure } from './sendLetters.ts';
import type { SweptQueue } from './sweep.ts';

/**
 * Letters that were received and not deleted. They stay invisible until they are released, so that a sweep receives each of
 * them once. When the process dies without releasing them, they are visible again after 30 seconds.
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
   * Holds letters, also one that is held already and was received again: only its newest receipt handle counts then.
   * @param askedAtMs when the receive call was sent; SQS counts the visibility timeout from a later moment
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
   * Deletes letters by their newest receipt handles. SQS also reports success for a handle that is older or has expired,
   * whether or not it deletes the letter, so such a deletion counts as failed here.
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
    // A letter that is no longer held was deleted meanwhile, by its newest handle.
    const kept = failures.filter(({ letter }) => this.#holds.has(letter.messageId));
    for (const { messageId } of certain) this.#holds.delete(messageId);
    return { deleted: certain, failed: kept };
  }

  /** Makes all other letters visible again. If SQS refuses that, they become visible when their hold ends. */
  async releaseBut(kept: readonly Letter[]): Promise<void> {
    const ids = new Set(kept.map(({ messageId }) => messageId));
    const letters = [...this.#holds.values()].map(({ letter }) => letter);
    const released = letters.filter(({ messageId }) => !ids.has(messageId));
    for (const { messageId } of released) this.#holds.delete(messageId);
    await inTens(released, (ten) => this.#changeVisibility(ten, 0));
  }

  /** Makes all letters visible again and stops prolonging. */
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

  /** Only prolongs holds that have not ended, and ignores an answer that came after the end of a hold. */
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

  /** @returns the letters whose visibility SQS changed */
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
  /** Has its newest receipt handle. */
  readonly letter: Letter;
  readonly untilMs: number;
}

const expired =
  'its receipt handle had expired (this computer slept, or was too slow), so SQS may have kept it';

/** The visibility timeout to ask for. The local platform divides it by its speed; SQS allows at most 12 hours. */
export function holdSeconds({ speed = 1 }: SweptQueue): number {
  return Math.min(Math.ceil(30 * speed), 43_200);
}

/** How long a hold lasts in real time. */
function holdMs(queue: SweptQueue): number {
  return (holdSeconds(queue) * 1_000) / (queue.speed ?? 1);
}

/** Calls with ten items each, which is as many as SQS takes, and a few calls at a time. */
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
