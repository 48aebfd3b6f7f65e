import type { Handler } from 'hono';
import type { StatusStore } from '../status/statusStore.ts';
import type { ApiEnv } from './apiEnv.ts';
import { statusView } from './jobStatus.ts';
import { Problem } from './problem.ts';
import { jobIdOf, type ReadStatus } from './readStatus.ts';

/**
 * `DELETE /jobs/{jobId}`: cancels a job. 200 when it is cancelled: a queued one never runs. 202 while it still runs: its
 * `signal` is aborted, and it ends as it will. 409 when it has ended otherwise.
 */
export function cancelJob({
  readStatus,
  store,
}: {
  readonly readStatus: ReadStatus;
  readonly store: Pick<StatusStore, 'cancel'>;
}): Handler<ApiEnv> {
  return async (c) => {
    const before = await readStatus(jobIdOf(c), c.get('caller'));
    const status = (await store.cancel(before.jobId)) ?? before;
    const { state } = status;
    if (state === 'cancelled') return c.json(statusView(status));
    if (state === 'succeeded' || state === 'dead') {
      throw new Problem('already-ended', `The job is ${state}: there is nothing left to cancel.`, { state });
    }
    return c.json(statusView(status), 202);
  };
}
