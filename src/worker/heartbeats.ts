import type { MessageLogger } from '../runtime/log.ts';
import { LeaseLostError, VisibilityLimitError } from './errors.ts';
import { isGone, Outage } from './outage.ts';
import type { WorkerQueue } from './queue.ts';

/** A received message, this worker's until `visibleAtMs`. Times are `performance.now()`'s. */
export interface HeldMessage {
  readonly receiptHandle: string;
  readonly messageId: string;
  readonly receivedAtMs: number;
  /** When its visibility timeout ends. */
  visibleAtMs: number;
  /** Under way while it is being extended; never rejects. */
  extending?: Promise<void> | undefined;
  /** Tells the job why it should stop. */
  abort(reason: Error): void;
}

interface HeartbeatOptions {
  readonly queue: Pick<WorkerQueue, 'changeVisibility'>;
  readonly logger: MessageLogger;
  /** In the time of this machine. */
  readonly visibilityTimeoutMs: number;
  /** How much faster than on AWS SQS's time passes. Default 1. */
  readonly sqsSpeed?: number;
  /** How long a message can be invisible in all, counted from its receive. */
  readonly longestVisibilityMs?: number;
}

/**
 * Keeps messages invisible while their jobs run: each is extended to a whole visibility timeout when half of it is
 * over. One that is lost for certain, or nears SQS's 12 h, has its job aborted.
 */
export class Heartbeats {
  readonly #options: HeartbeatOptions;
  readonly #held = new Set<HeldMessage>();
  readonly #outage: Outage;
  readonly #timer: NodeJS.Timeout;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#outage = new Outage('a heartbeat', options.logger);
    const everyMs = Math.min(Math.max(options.visibilityTimeoutMs / 20, 50), 1000);
    this.#timer = setInterval(() => this.#beat(), everyMs);
  }

  add(held: HeldMessage): void {
    this.#held.add(held);
  }

  /** Resolves when no extension is under way that could undo what becomes of the message next. */
  async remove(held: HeldMessage): Promise<void> {
    this.#held.delete(held);
    await held.extending;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    for (const held of this.#held) {
      const leftMs = held.visibleAtMs - now;
      if (leftMs <= 0) this.#lose(held, new LeaseLostError('its visibility timeout has ended'));
      else if (now - held.receivedAtMs >= this.#abortAfterMs) this.#limit(held);
      else if (leftMs <= this.#options.visibilityTimeoutMs / 2) {
        held.extending ??= this.#extend(held).finally(() => {
          held.extending = undefined;
        });
      }
    }
  }

  async #extend(held: HeldMessage): Promise<void> {
    const { queue, visibilityTimeoutMs, sqsSpeed = 1 } = this.#options;
    const startedAtMs = performance.now();
    const restMs = held.receivedAtMs + this.#longestMs - startedAtMs;
    const seconds = Math.floor(Math.min(visibilityTimeoutMs, restMs) / 1000);
    try {
      await queue.changeVisibility(held.receiptHandle, Math.floor(seconds * sqsSpeed));
      held.visibleAtMs = startedAtMs + seconds * 1000;
      this.#outage.succeeded();
    } catch (error) {
      if (!isGone(error)) return this.#outage.failed(error);
      this.#lose(held, new LeaseLostError(`SQS says ${(error as Error).name}`, { cause: error }));
    }
  }

  /** Another consumer has the message by now: the sooner this run ends, the better. */
  #lose(held: HeldMessage, error: LeaseLostError): void {
    if (!this.#held.delete(held)) return;
    const { messageId } = held;
    this.#options.logger.warn('a message was lost while its job ran; the job is aborted', {
      messageId,
      error,
    });
    held.abort(error);
  }

  #limit(held: HeldMessage): void {
    this.#held.delete(held);
    held.abort(new VisibilityLimitError(performance.now() - held.receivedAtMs));
  }

  get #longestMs(): number {
    return this.#options.longestVisibilityMs ?? longestVisibilityMs;
  }

  /** What is left is for the abort and the outcome. */
  get #abortAfterMs(): number {
    return this.#longestMs - Math.min(60_000, this.#longestMs / 10);
  }
}

/** SQS counts from the receive, and refuses more. */
export const longestVisibilityMs = 12 * 3600 * 1000;
