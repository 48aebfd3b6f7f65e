import type { Delivery } from './delivery.ts';
import type { StatusItem } from './item.ts';

/**
 * How a delivery stands to the record that refused that it runs: `own` the record is its own (the SDK repeated the
 * write), `cancelled` somebody wants the job cancelled, `foreign` another job has the same ID, `done` it has
 * succeeded, `passed` a later delivery has moved it.
 */
export type Standing = 'own' | 'cancelled' | 'foreign' | 'done' | 'passed';

export function standingOf(
  item: StatusItem,
  { jobName, runId }: Pick<Delivery, 'jobName' | 'runId'>,
): Standing {
  if (item.jobName !== jobName) return 'foreign';
  if (item.state === 'cancelled' || item.isCancelRequested) return 'cancelled';
  if (item.state === 'succeeded') return 'done';
  return item.runId === runId ? 'own' : 'passed';
}
