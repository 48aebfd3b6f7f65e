import type { Duration } from '../job/duration.ts';

/** How long a status is kept, and how much it holds. */
export const statusDefaults = {
  /** How long a job's status is kept after its last change. */
  retention: '30d',
  /** How many states a status remembers: the newest. */
  maxHistory: 50,
  /**
   * The largest result in the status itself, in bytes of JSON. A larger one is put
   * into S3. DynamoDB's items have up to 400 KB.
   */
  maxInlineResultBytes: 100 * 1024,
  /** The text of a progress is cut to this many characters. */
  maxProgressText: 200,
  /** A reason's message is cut to this many characters, and to fewer in the history. */
  maxReasonMessage: 1000,
  maxHistoryMessage: 200,
} as const satisfies Record<string, Duration | number>;

/** How often a running job's status is written and read, and how long that may take, in milliseconds. */
export const trackingMs = {
  /** Progress is written at most once in this time. */
  progressInterval: 1000,
  /** A running job reads this often whether it was cancelled. A shorter job never reads it. */
  cancelPoll: 2000,
  /** How long a write or a read may take. */
  statusTimeout: 2000,
  /** How long S3 may take for a large result. */
  resultTimeout: 10_000,
} as const;

/** The index of the table by which jobs are listed. */
export const statusIndex = 'byJob';
