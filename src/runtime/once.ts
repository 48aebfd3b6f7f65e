import type { JobContext } from '../job/context.ts';
import type { JobMessage } from '../message/received.ts';
import type { JobQueue } from './jobQueue.ts';
import type { Outcome } from './outcome.ts';

/**
 * Does the work of a message once for its key, however often it is delivered.
 * @returns `succeeded` with the work's result, or with the stored one of the time it was done; `postponed` or `retry`
 *   when it is under way elsewhere
 * @throws {NonRetryableError} when the job's `key` gives none; whatever the work throws, which frees the key again
 */
export type Once = (run: OnceRun, work: () => unknown) => Promise<Outcome>;

/** One run of one message. */
export interface OnceRun extends Lease {
  readonly message: JobMessage;
  readonly payload: unknown;
  readonly context: JobContext;
  readonly queue: JobQueue;
}

export interface Lease {
  /**
   * How long the work may take. A delivery that comes later takes the work over, since this process must have crashed.
   */
  readonly leaseMs: number;
  /** Take it for so long only, and renew it while the work runs: where a process that lives on can (the worker). */
  readonly renewalMs?: number;
}

/**
 * The same job runs already, in another delivery or with another message of its key: to be asked again after its lease.
 */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  readonly leaseSeconds: number;

  constructor(leaseSeconds: number, options?: ErrorOptions) {
    super(`the same job is running already; its lease ends in ${leaseSeconds} s`, options);
    this.leaseSeconds = leaseSeconds;
  }
}
