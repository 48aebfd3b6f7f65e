import type { JobContext } from '../job/context.ts';
import type { JobMessage } from './message.ts';

/** Records what becomes of a job's messages, where the job asks for it (`track`). Never decides an outcome: what fails is logged. */
export interface Tracker {
  /**
   * Records that a run begins.
   * @returns undefined when the job was cancelled: it must not run, and its message is acknowledged
   */
  begin(message: JobMessage, context: TrackedContext, leaseMs: number): Promise<TrackedRun | undefined>;
}

/** What a tracker uses of a message's context. */
export type TrackedContext = Pick<JobContext, 'jobName' | 'jobId' | 'attempt' | 'maxAttempts' | 'log'>;

/** A run that is recorded. Nothing here rejects. */
export interface TrackedRun {
  /** Aborted with a `CancelledError` when somebody cancels the job. */
  readonly signal: AbortSignal;
  /** Written at most once a second, the newest last. */
  progress(fraction: number, text?: string): void;
  succeeded(result: unknown): Promise<void>;
  retrying(error: unknown, delaySeconds: number): Promise<void>;
  dead(error: unknown): Promise<void>;
  cancelled(): Promise<void>;
  /** Stops its timers; after any end, and where a run has none. */
  close(): void;
}
