import type { JobStatus } from '../job/jobStatus.ts';

/** Where to go on from a job, as relative URLs. */
export interface StatusLinks {
  readonly self: string;
  readonly events: string;
  /** Of a job that succeeded. */
  readonly result?: string;
}

export function statusLinks({ jobId, state }: Pick<JobStatus, 'jobId' | 'state'>): StatusLinks {
  const self = jobPath(jobId);
  const events = `${self}/events`;
  return state === 'succeeded' ? { self, events, result: `${self}/result` } : { self, events };
}

/** A producer's own ID may be any text. */
export function jobPath(jobId: string): string {
  return `/jobs/${encodeURIComponent(jobId)}`;
}
