/** What `run` is given beside the payload. */
export interface JobContext {
  readonly jobName: string;
  /** The producer's own ID; the same through retries, duplicate deliveries and redrives. */
  readonly jobId: string;
  /** Which run of this message it is: 1 the first time, at most `maxAttempts`. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Writes structured log lines that carry the job's name, ID and attempt. */
  readonly log: JobLog;
  /**
   * Aborted shortly before the deadline, and with a `CancelledError` when somebody cancels a tracked job. Hand it to
   * `fetch` and the like; what ignores it is reported as unfinished.
   */
  readonly signal: AbortSignal;
  /**
   * Says how far it is, 0 to 1, and what it does: `progress(0.4, 'rendered 4 of 10 pages')`. Call it as often as you like:
   * at most one a second is recorded, the newest. Without `track` it does nothing.
   */
  progress(fraction: number, text?: string): void;
}

/** Each takes a message and, where there is more to say, fields: `log.info('sent', { bytes })` or an error. */
export interface JobLog {
  debug(message: string, fields?: LogFields | Error): void;
  info(message: string, fields?: LogFields | Error): void;
  warn(message: string, fields?: LogFields | Error): void;
  error(message: string, fields?: LogFields | Error): void;
}

export type LogFields = Readonly<Record<string, unknown>>;
