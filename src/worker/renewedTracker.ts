import type { Tracker } from '../runtime/tracker.ts';
import { shareOfVisibility } from './renewedOnce.ts';

/** Has records say that a job runs only until its message would come back, and again while it does, as leases of keys are. */
export function renewedTracker(tracker: Tracker, visibilityTimeoutMs: number): Tracker {
  const renewalMs = visibilityTimeoutMs * shareOfVisibility;
  return { ...tracker, attempt: (run, surroundings) => tracker.attempt(run, { ...surroundings, renewalMs }) };
}
