/** The worker cannot start, and has received nothing. The message is one line that says what is wrong and what to do. */
export class WorkerSetupError extends Error {
  override readonly name = 'WorkerSetupError';
}

/**
 * The reason of a job's aborted `signal`: the worker stops, and the job was not done
 * within the stop timeout (`JOB_STOP_TIMEOUT`).
 */
export class WorkerStoppedError extends Error {
  override readonly name = 'WorkerStoppedError';

  constructor(stopTimeoutMs: number) {
    super(`the worker stopped before the job was done, ${stopTimeoutMs / 1000} s after it was asked to`);
  }
}

/** The reason of a job's aborted `signal`: SQS has given the job's message to another consumer, or will. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';

  constructor(why: string, options?: ErrorOptions) {
    super(`the message is no longer this worker's: ${why}`, options);
  }
}

/** The reason of a job's aborted `signal`: SQS keeps a message invisible for at most 12 h after its receive. */
export class VisibilityLimitError extends Error {
  override readonly name = 'VisibilityLimitError';

  constructor(afterMs: number) {
    super(
      `not done after ${Math.round(afterMs / 60_000)} min, shortly before SQS's longest visibility of 12 h: divide the work into several jobs`,
    );
  }
}
