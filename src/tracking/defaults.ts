import type { Duration } from '../job/duration.ts';

/** What tracking gets: how long a status is kept and how much it holds. Defined here and nowhere else. */
export const statusDefaults = {
  /** How long a job's status outlives its last change. */
  retention: '30d',
  /** States that a status remembers, the newest. */
  maxHistory: 50,
  /** JSON of a result that lies in the status itself; a larger one goes to S3 (an item of DynamoDB ends at 400 KB). */
  maxInlineResultBytes: 100 * 1024,
  /** What a progress says in words is cut to this many characters. */
  maxProgressText: 200,
  /** A reason's message is cut to this many characters, and to fewer in the history. */
  maxReasonMessage: 1000,
  maxHistoryMessage: 200,
} as const satisfies Record<string, Duration | number>;

/** How often a running job's status is written and read, and how long a job waits for that, in milliseconds. */
export const trackingMs = {
  /** Progress is written at most once in this time. */
  progressInterval: 1000,
  /** A running job asks this often whether it was cancelled; one that is shorter never does. */
  cancelPoll: 2000,
  /** How long a write or a read may take. */
  statusTimeout: 2000,
  /** How long S3 may take for a large result. */
  resultTimeout: 10_000,
} as const;

/** The table's index by which jobs are listed. */
export const statusIndex = 'byJob';
