/** The state of a tracked job. A job ends as `succeeded`, `dead` or `cancelled`; only a redrive leads out of `dead`. */
export type JobState = 'queued' | 'running' | 'retrying' | 'succeeded' | 'dead' | 'cancelled';

/** All states, in the order in which a job can have them. */
export const jobStates: readonly JobState[] = [
  'queued',
  'running',
  'retrying',
  'succeeded',
  'dead',
  'cancelled',
];

/** What is recorded of a tracked job. Times are ISO texts in UTC, such as `2026-11-21T09:08:07.654Z`. */
export interface JobStatus {
  readonly jobId: string;
  readonly jobName: string;
  readonly state: JobState;
  /** The number of the current or last attempt, from 1. Absent while the job is queued. */
  readonly attempt?: number;
  readonly maxAttempts?: number;
  readonly progress?: Progress;
  /** What `run` returned, once the job has succeeded: up to 100 KiB of JSON. */
  readonly result?: unknown;
  /** The key of a larger result in the files bucket: `results/<jobName>/<jobId>.json`. */
  readonly resultKey?: string;
  /** Why the last attempt of a retrying or dead job failed. */
  readonly reason?: FailureReason;
  /** When the next attempt of a retrying job may begin. */
  readonly nextAttemptAt?: string;
  /** True while the job still runs although somebody has cancelled it. */
  readonly isCancelRequested?: boolean;
  /** The owner: the subject of the caller who scheduled the job through the API. */
  readonly owner?: string;
  readonly createdAt: string;
  /** When the first attempt began. */
  readonly startedAt?: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
  /** When this status may be removed: 30 days after its last change. */
  readonly expiresAt: string;
  /** The states that the job has had, the oldest first: the newest 50 of them. */
  readonly history: readonly StateChange[];
}

/** What a job last said by `context.progress`. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  /** At most 200 characters. */
  readonly text?: string;
  readonly at: string;
}

/** Why an attempt failed. */
export interface FailureReason {
  /** The error's class, such as `TypeError`. */
  readonly name: string;
  /** The error's message, cut after 1,000 characters (200 in the history). */
  readonly message: string;
}

/** A state that a job has had, and since when. */
export interface StateChange {
  readonly state: JobState;
  readonly at: string;
  readonly attempt?: number;
  readonly reason?: FailureReason;
}
