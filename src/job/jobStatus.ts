/** Where a tracked job is. `succeeded`, `dead` and `cancelled` are ends; only a redrive leads out of `dead`. */
export type JobState = 'queued' | 'running' | 'retrying' | 'succeeded' | 'dead' | 'cancelled';

/** All states, in the order in which a job passes through them. */
export const jobStates: readonly JobState[] = [
  'queued',
  'running',
  'retrying',
  'succeeded',
  'dead',
  'cancelled',
];

/** What is known of a tracked job. Instants are ISO texts in UTC. */
export interface JobStatus {
  readonly jobId: string;
  readonly jobName: string;
  readonly state: JobState;
  /** Which run this is, or was: 1 the first time. Absent while queued. */
  readonly attempt?: number;
  readonly maxAttempts?: number;
  readonly progress?: Progress;
  /** What `run` of a succeeded job returned, if that is at most `maxInlineResultBytes` of JSON. */
  readonly result?: unknown;
  /** Where a larger one is in the files bucket: `results/<jobName>/<jobId>.json`. */
  readonly resultKey?: string;
  /** Why a job is retrying or dead. */
  readonly reason?: FailureReason;
  /** When the next attempt of a retrying job may begin. */
  readonly nextAttemptAt?: string;
  /** Somebody wants it cancelled, and it still runs. */
  readonly isCancelRequested?: boolean;
  /** The owner: the subject of the caller who scheduled the job through the API. */
  readonly owner?: string;
  readonly createdAt: string;
  /** When its first run began. */
  readonly startedAt?: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
  /** When its record may be removed. */
  readonly expiresAt: string;
  /** Every state it had, the oldest first; cut to the newest `maxHistory`. */
  readonly history: readonly StateChange[];
}

export interface Progress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly text?: string;
  readonly at: string;
}

export interface FailureReason {
  /** The error's class, such as `TypeError`. */
  readonly name: string;
  readonly message: string;
}

export interface StateChange {
  readonly state: JobState;
  readonly at: string;
  readonly attempt?: number;
  readonly reason?: FailureReason;
}
