import type { Once } from '../runtime/once.ts';

/**
 * Has the leases of keys renewed while their work runs, instead of taken for all of a job's timeout: when this process
 * crashes, a job of hours is taken over when its message comes back, and not hours later.
 */
export function renewedOnce(once: Once, visibilityTimeoutMs: number): Once {
  return (run, work) => once({ ...run, renewalMs: visibilityTimeoutMs * shareOfVisibility }, work);
}

/** A little less than all of it: the lease is over when the message comes back. */
export const shareOfVisibility = 0.8;
