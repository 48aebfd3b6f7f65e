import type { JobContext } from '../job/context.ts';
import type { JobMessage } from '../message/received.ts';
import type { JobQueue } from './jobQueue.ts';
import type { Outcome } from './outcome.ts';

/**
 * Does the work of a message once for its key, however often the message is delivered.
 * @returns `succeeded` with the work's result, or with the stored result when the work was done before; `postponed` or
 *   `retry` when the work is being done elsewhere
 * @throws {NonRetryableError} when the job's `key` does not give a text. An error of the work is passed on and frees
 *   the key
 */
export type Once = (run: OnceRun, work: () => unknown) => Promise<Outcome>;

/** One run of one message. */
export interface OnceRun extends Lease {
  readonly message: JobMessage;
  readonly payload: unknown;
  readonly context: JobContext;
  readonly queue: JobQueue;
}

/** For how long a run holds its key. */
export interface Lease {
  /** How long the work may take. A later delivery does the work again, because this process must have crashed. */
  readonly leaseMs: number;
  /**
   * Where given, the lease is taken for this time only, and renewed while the work
   * runs. A worker does that, since it lives on.
   */
  readonly renewalMs?: number;
}

/**
 * The same job already runs, in another delivery or with another message of its
 * key. Try again when its lease has ended.
 */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  readonly leaseSeconds: number;

  constructor(leaseSeconds: number, options?: ErrorOptions) {
    super(`the same job is running already; its lease ends in ${leaseSeconds} s`, options);
    this.leaseSeconds = leaseSeconds;
  }
}
