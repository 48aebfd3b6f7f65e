import type { Handler } from 'hono';
import type { JobStatus } from '../job/jobStatus.ts';
import type { StatusStore } from '../tracking/store.ts';
import type { ApiJob } from './apiJob.ts';
import { jobNamed } from './apiJob.ts';
import type { ApiEnv, Caller } from './caller.ts';
import { statusView } from './jobStatus.ts';
import { Problem } from './problem.ts';
import { jobIdOf, type ReadStatus, unknownJobId } from './readStatus.ts';

interface CancelParts {
  readonly jobs: readonly ApiJob[];
  readonly readStatus: ReadStatus;
  readonly store: Pick<StatusStore, 'queue' | 'cancel'>;
}

/**
 * `DELETE /jobs/{jobId}?jobName=`: cancels a job. 200 means that it is cancelled and will not run. 202 means that it
 * still runs: its `signal` is aborted, and it may end in any state. 409 means that it had ended before. With a
 * `jobName`, a job of another name that has the same ID is not cancelled.
 */
export function cancelJob({ jobs, readStatus, store }: CancelParts): Handler<ApiEnv> {
  return async (c) => {
    const jobId = jobIdOf(c);
    const jobName = c.req.query('jobName');
    const before = await readOrRecord(jobId, jobName, c.get('caller'));
    if (jobName !== undefined && before.jobName !== jobName) throw unknownJobId();
    const status = await store.cancel(jobId);
    if (status === undefined) throw unknownJobId();
    const { state } = status;
    if (state === 'cancelled') return c.json(statusView(status));
    if (state === 'succeeded' || state === 'dead') {
      throw new Problem('already-ended', `The job is ${state}: there is nothing left to cancel.`, { state });
    }
    return c.json(statusView(status), 202);
  };

  /**
   * Reads a job's record, or makes one. A job that was published straight to the topic has no record before its first
   * attempt begins. A record made here can be cancelled, and the attempt finds it. Only back ends may do that: the job
   * has no owner, and nobody else may claim its ID.
   */
  async function readOrRecord(
    jobId: string,
    jobName: string | undefined,
    caller: Caller,
  ): Promise<Pick<JobStatus, 'jobName'>> {
    try {
      return await readStatus(jobId, caller);
    } catch (error) {
      const isUnknown = error instanceof Problem && error.kind === 'unknown-job-id';
      if (!isUnknown || jobName === undefined || caller.owner !== undefined) throw error;
      const { maxAttempts } = jobNamed(jobs, jobName);
      const queued = await store.queue({ jobId, jobName, maxAttempts });
      // When its attempt has begun meanwhile, the record exists by now.
      return queued.isNew ? { jobName } : queued.existing;
    }
  }
}
