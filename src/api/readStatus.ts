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
 * Reads a job's status for a caller. For another owner's job it throws as if there were no such job.
 * @throws {Problem} when there is no such job
 */
export type ReadStatus = (jobId: string, caller: Caller) => Promise<JobStatus>;

/**
 * Reads a status. When the status has not changed for too long, it also looks for the job in the dead-letter queue: SQS
 * moves the message of a function that does not even load, and nothing else would record that.
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

  /**
   * How long the job is overdue. A lost run has no time for its next attempt, but
   * the end of its lease is in the history.
   */
  function overdueMs({ state, updatedAt, nextAttemptAt, history }: JobStatus): number {
    if (state !== 'queued' && state !== 'retrying') return 0;
    return now() - Date.parse(nextAttemptAt ?? history.at(-1)?.at ?? updatedAt);
  }

  /** Looks at growing intervals, because a page that polls for hours must not make a look each time. */
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

  /** Records all letters that it finds, so that the same letters are received once. */
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

/** How long a job may be overdue before its dead letters are looked at. */
const overdueAfterMs = 30_000;

const shortestLookIntervalMs = 10_000;

const rememberedLooks = 1000;

export function unknownJobId(): Problem {
  return new Problem(
    'unknown-job-id',
    'There is no job with this ID, its status has expired, or it is not yours.',
  );
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
