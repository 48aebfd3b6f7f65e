import type { FailureReason, JobState } from '../job/jobStatus.ts';
import { type Change, change } from './change.ts';
import { expiryAfter, isLost, type StatusItem } from './item.ts';
import { passing, stateChange } from './transitions.ts';

/** Transitions that no delivery makes. Each is for the item as it was read, and refused where that has changed. */

/** What a wish to cancel makes of a job; undefined where it has ended, or is asked to already. */
export function cancelling(item: StatusItem, nowMs: number): Change | undefined {
  if (item.state === 'queued' || item.state === 'retrying' || isLost(item, nowMs)) {
    return ended(item, 'cancelled', nowMs);
  }
  if (item.state !== 'running' || item.isCancelRequested) return undefined;
  const set = { isCancelRequested: true, updatedAt: new Date(nowMs).toISOString() };
  return change({ set, ...unchanged(item) });
}

/** What a dead letter makes of a job of which nothing else was heard; undefined where it runs, or has ended. */
export function burying(item: StatusItem, reason: FailureReason, nowMs: number): Change | undefined {
  const isSilent = item.state === 'queued' || item.state === 'retrying' || isLost(item, nowMs);
  return isSilent ? ended(item, 'dead', nowMs, reason) : undefined;
}

function ended(item: StatusItem, state: JobState, nowMs: number, reason?: FailureReason): Change {
  const at = new Date(nowMs).toISOString();
  return change({
    set: { state, reason, updatedAt: at, endedAt: at, expiresAt: expiryAfter(nowMs) },
    assign: ['#history = list_append(#history, :line)'],
    remove: passing,
    ...unchanged(item, { line: [stateChange(state, nowMs, { reason })] }),
  });
}

/** A running job's progress is no change; that its lease was renewed is one. */
function unchanged({ state: before, runId, leaseEndsAt }: StatusItem, values: Record<string, unknown> = {}) {
  return {
    condition: [
      '#state = :before',
      '#runId = :runId',
      leaseEndsAt === undefined ? 'attribute_not_exists(#leaseEndsAt)' : '#leaseEndsAt = :leaseEndsAt',
    ].join(' AND '),
    values: { ...values, before, runId, leaseEndsAt },
  };
}
