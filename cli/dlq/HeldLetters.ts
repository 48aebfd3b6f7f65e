import { inTens } from './inTens.ts';
import type { Letter } from './letter.ts';
import type { SweptQueue } from './sweep.ts';

/**
 * Letters that were received and not deleted. They stay invisible until they are released, so that a sweep meets each
 * of them once; when the process dies without releasing them, SQS shows them again after 30 seconds.
 */
export class HeldLetters {
  readonly #queue: SweptQueue;
  readonly #held = new Map<string, { letter: Letter; untilMs: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(queue: SweptQueue) {
    this.#queue = queue;
    this.#timer = setInterval(() => void this.#prolong(), 5_000).unref();
  }

  /** Also for one that came back after all: its older receipt handle is worth nothing any more. */
  add(letters: readonly Letter[]): void {
    const untilMs = Date.now() + holdMs;
    for (const letter of letters) this.#held.set(letter.messageId, { letter, untilMs });
  }

  forget(letters: readonly Letter[]): void {
    for (const { messageId } of letters) this.#held.delete(messageId);
  }

  /** Makes all of them visible again. What SQS refuses becomes visible by itself. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const letters = [...this.#held.values()].map(({ letter }) => letter);
    this.#held.clear();
    await this.#changeVisibility(letters, 0);
  }

  async #prolong(): Promise<void> {
    const soonMs = Date.now() + holdMs / 2;
    const letters = [...this.#held.values()].filter(({ untilMs }) => untilMs < soonMs);
    this.add(letters.map(({ letter }) => letter));
    await this.#changeVisibility(
      letters.map(({ letter }) => letter),
      holdSeconds(this.#queue),
    );
  }

  async #changeVisibility(letters: readonly Letter[], seconds: number): Promise<void> {
    const { sqs, queueUrl } = this.#queue;
    await inTens(letters, (ten) =>
      sqs
        .changeMessageVisibilityBatch({
          QueueUrl: queueUrl,
          Entries: ten.map(({ receiptHandle }, index) => ({
            Id: String(index),
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: seconds,
          })),
        })
        .catch(() => undefined),
    );
  }
}

const holdMs = 30_000;

/** The visibility timeout to ask for: the local platform divides it by its speed. SQS's bound is 12 hours. */
export function holdSeconds({ speed = 1 }: SweptQueue): number {
  return Math.min(Math.ceil((holdMs / 1_000) * speed), 43_200);
}
