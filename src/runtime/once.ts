import type { JobLog } from '../job/context.ts';
import { RetryAfter } from '../job/errors.ts';

/**
 * Does the work with a key once, however often it is delivered.
 * @returns the work's result, or the stored one of the time it was done
 * @throws {AlreadyRunningError} when it is under way elsewhere; whatever the work throws, which frees the key again
 */
export type Once = (key: string, lease: Lease, work: () => unknown) => Promise<unknown>;

export interface Lease {
  /** How long the work may take; whoever comes after that takes over, because this process crashed. */
  readonly leaseMs: number;
  /** Take it for so long only, and renew it while the work runs: where a process that lives on can (the worker). */
  readonly renewalMs?: number;
  readonly log: Pick<JobLog, 'warn'>;
}

/** The same job runs already, in another delivery or with another message of its key: to be asked again after its lease. */
export class AlreadyRunningError extends RetryAfter {
  override readonly name = 'AlreadyRunningError';
  override readonly isFree = true;

  constructor(leaseSeconds: number, options?: ErrorOptions) {
    super(
      `${leaseSeconds}s`,
      `the same job is running already; its lease ends in ${leaseSeconds} s`,
      options,
    );
  }
}
