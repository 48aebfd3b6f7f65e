import type { Context } from 'hono';
import type { JobStatus } from '../job/jobStatus.ts';
import type { StatusStore } from '../tracking/store.ts';
import type { ApiLogger } from './app.ts';
import { BoundedMap } from './boundedMap.ts';
import type { ApiEnv, Caller } from './caller.ts';
import type { DeadLetters } from './deadLetters.ts';
import { Problem } from './problem.ts';

interface ReadStatusParts {
  readonly store: Pick<StatusStore, 'get' | 'foundDead' | 'claimLook' | 'dropLook'>;
  readonly deadLetters: DeadLetters;
  readonly logger: ApiLogger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * A job's status, for whom it belongs to. Another owner's job does not exist for them.
 * @throws {Problem} when there is no such job
 */
export type ReadStatus = (jobId: string, caller: Caller) => Promise<JobStatus>;

/**
 * Reads a status, and looks for the job in its dead-letter queue when nothing has been heard of it for too long: SQS
 * itself moves a message whose function does not even load, and nobody else would say so.
 */
export function statusReader({ store, deadLetters, logger, now }: ReadStatusParts): ReadStatus {
  const nextLooks = new BoundedMap<string, number>(rememberedLooks);

  return async (jobId, caller) => {
    const status = await store.get(jobId);
    if (status === undefined || (caller.owner !== undefined && status.owner !== caller.owner)) {
      throw unknownJobId();
    }
    return isLookDue(status) ? await looked(status) : status;
  };

  function isLookDue(status: JobStatus): boolean {
    return overdueMs(status) >= overdueAfterMs && now() >= (nextLooks.get(status.jobId) ?? 0);
  }

  /** A run that was lost has no next attempt's time: its last entry in the history is the end of its lease. */
  function overdueMs({ state, updatedAt, nextAttemptAt, history }: JobStatus): number {
    if (state !== 'queued' && state !== 'retrying') return 0;
    return now() - Date.parse(nextAttemptAt ?? history.at(-1)?.at ?? updatedAt);
  }

  /** At ever longer intervals: a page that polls for hours must not keep asking SQS. */
  async function looked(status: JobStatus): Promise<JobStatus> {
    const { jobId, jobName } = status;
    nextLooks.set(jobId, now() + Math.max(overdueMs(status), shortestLookIntervalMs));
    try {
      return (await lookAt(jobName)) ? ((await store.get(jobId)) ?? status) : status;
    } catch (error) {
      logger.warn('the dead-letter queue could not be asked for an overdue job', { jobName, jobId, error });
      return status;
    }
  }

  /** What is found is recorded for all of them, so that the same letters are received once. */
  async function lookAt(jobName: string): Promise<boolean> {
    const letters = await deadLetters.count(jobName);
    if (letters === 0 || !(await store.claimLook(jobName, letters))) return false;
    try {
      const reasons = await deadLetters.look(jobName, letters);
      await Promise.all([...reasons].map(([jobId, reason]) => store.foundDead(jobId, reason)));
      return true;
    } catch (error) {
      await store.dropLook(jobName);
      throw error;
    }
  }
}

/** How long past its time a job may be silent before its dead letters are looked at. */
const overdueAfterMs = 30_000;

const shortestLookIntervalMs = 10_000;

const rememberedLooks = 1000;

export function unknownJobId(): Problem {
  return new Problem('unknown-job-id', 'There is no job with this ID, or no longer, or it is not yours.');
}

/**
 * The ID in a request's path.
 * @throws {Problem} when no job can have it
 */
export function jobIdOf(c: Context<ApiEnv>): string {
  const jobId = c.req.param('jobId') ?? '';
  if (jobId !== '' && jobId.length <= maxJobIdLength && !/[\p{Cc}\p{Cs}]/u.test(jobId)) return jobId;
  throw new Problem(
    'malformed-job-id',
    `A jobId has 1 to ${maxJobIdLength} characters and no control characters; this one has ${jobId.length}.`,
  );
}

const maxJobIdLength = 512;
