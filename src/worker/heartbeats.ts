import type { MessageLogger } from '../runtime/log.ts';
import { LeaseLostError, VisibilityLimitError } from './errors.ts';
import { isGone, Outage } from './outage.ts';
import type { WorkerQueue } from './queue.ts';

/** A received message, which is this worker's until `visibleAtMs`. Times are those of `performance.now()`. */
export interface HeldMessage {
  readonly receiptHandle: string;
  readonly messageId: string;
  readonly receivedAtMs: number;
  /** When the message's visibility timeout ends. */
  visibleAtMs: number;
  /** Present while the visibility timeout is being extended. Never rejects. */
  extending?: Promise<void> | undefined;
  /** Aborts the job's signal with a reason. */
  abort(reason: Error): void;
}

interface HeartbeatOptions {
  readonly queue: Pick<WorkerQueue, 'changeVisibility'>;
  readonly logger: MessageLogger;
  /** In milliseconds of this machine's clock. */
  readonly visibilityTimeoutMs: number;
  /** How much faster SQS's time passes than on AWS, as in a local platform. Default 1. */
  readonly sqsSpeed?: number;
  /** How long a message can stay invisible after its receive. Default 12 h. */
  readonly longestVisibilityMs?: number;
}

/**
 * Keeps messages invisible while their jobs run. When half of a message's visibility timeout is over, it begins a whole
 * new one. The job of a message that is certainly lost, or close to SQS's limit of 12 h, is aborted.
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

  /** Resolves when no extension is being made that could undo what is done with the message next. */
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

  /** Aborts the job of a message that another consumer has by now. */
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

  /** The rest of the time is for the abort and the outcome. */
  get #abortAfterMs(): number {
    return this.#longestMs - Math.min(60_000, this.#longestMs / 10);
  }
}

/** SQS's longest visibility timeout, which it counts from the receive. */
export const longestVisibilityMs = 12 * 3600 * 1000;
