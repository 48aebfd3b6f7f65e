/** The second parameter of `run`: facts about this run, and what it can use. */
export interface JobContext {
  readonly jobName: string;
  /** The ID under which the job was published. Retries, duplicate deliveries and redrives keep it. */
  readonly jobId: string;
  /** Counts the attempts, this one included: from 1 to `maxAttempts`. */
  readonly attempt: number;
  /** The option `maxAttempts` of the job. */
  readonly maxAttempts: number;
  /** Writes JSON log lines with the job's name, its ID and the attempt. */
  readonly log: JobLog;
  /**
   * Is aborted shortly before the job's `timeout`, when a worker stops or loses the message, and with a
   * `CancelledError` when somebody cancels a tracked job. Give it to `fetch`, the AWS SDK and the like. A run that goes
   * on all the same is reported as failed, and tried again.
   */
  readonly signal: AbortSignal;
  /**
   * Records how far the run is, from 0 to 1, and what it is doing: `progress(0.4, 'rendered 4 of 10 pages')`. The text is
   * cut after 200 characters. Call it as often as you like: at most one call a second, the newest, is recorded. Without
   * `track` it does nothing.
   * @throws {RangeError} with `track`, when the fraction is not from 0 to 1
   */
  progress(fraction: number, text?: string): void;
}

/**
 * Each method takes a message, and fields or an error to log with it:
 * `log.info('sent', { bytes })`, `log.warn('failed', error)`.
 */
export interface JobLog {
  debug(message: string, fields?: LogFields | Error): void;
  info(message: string, fields?: LogFields | Error): void;
  warn(message: string, fields?: LogFields | Error): void;
  error(message: string, fields?: LogFields | Error): void;
}

export type LogFields = Readonly<Record<string, unknown>>;
