import { createHash } from 'node:crypto';
import type { Handler } from 'hono';
import type { JobState, JobStatus } from '../job/jobStatus.ts';
import type { ApiEnv } from './caller.ts';
import { jobIdOf, type ReadStatus } from './readStatus.ts';

/** A job's status as the API gives it. */
type StatusView = Omit<JobStatus, 'resultKey'> & { readonly links: StatusLinks };

/** `GET /jobs/{jobId}`: the job's status with an ETag, and, while the job has not ended, when to ask again. */
export function jobStatus({
  readStatus,
  now,
}: {
  readStatus: ReadStatus;
  now: () => number;
}): Handler<ApiEnv> {
  return async (c) => {
    const status = await readStatus(jobIdOf(c), c.get('caller'));
    const body = JSON.stringify(statusView(status));
    return c.body(body, 200, {
      'content-type': 'application/json',
      'cache-control': 'private, no-cache',
      etag: `"${versionOf(body)}"`,
      ...(isEnd(status.state) ? {} : { 'retry-after': String(retryAfterSeconds(status, now())) }),
    });
  };
}

/** A status as the API shows it: without the key of its result in S3, and with links. */
export function statusView(status: JobStatus): StatusView {
  const { resultKey: _, ...shown } = status;
  return { ...shown, links: statusLinks(status) };
}

/** A version of a status's JSON: it changes whenever the JSON does. */
export function versionOf(body: string): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22);
}

export function isEnd(state: JobState): boolean {
  return state === 'succeeded' || state === 'dead' || state === 'cancelled';
}

/** When to ask again: in a tenth of the job's age, 1 to 5 seconds. */
export function retryAfterSeconds({ createdAt }: Pick<JobStatus, 'createdAt'>, nowMs: number): number {
  const ageSeconds = (nowMs - Date.parse(createdAt)) / 1000;
  return Math.min(Math.max(Math.ceil(ageSeconds / 10), 1), 5);
}

/** A job's links, as relative URLs. */
interface StatusLinks {
  readonly self: string;
  readonly events: string;
  /** Present when the job has succeeded. */
  readonly result?: string;
}

export function statusLinks({ jobId, state }: Pick<JobStatus, 'jobId' | 'state'>): StatusLinks {
  const self = jobPath(jobId);
  const events = `${self}/events`;
  return state === 'succeeded' ? { self, events, result: `${self}/result` } : { self, events };
}

/** A job's path. A jobId may be any text, so it is encoded. */
export function jobPath(jobId: string): string {
  return `/jobs/${encodeURIComponent(jobId)}`;
}
