import { type Duration, durationSeconds } from './duration.ts';

/**
 * Thrown by a job to say that trying again is pointless: the message goes to the dead-letter queue at once,
 * with this error as its reason, and burns no further attempt.
 */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError';
}

/**
 * Thrown by a job to choose the delay before its next attempt once, instead of its `retryDelay`:
 * `throw new RetryAfter('10m')`. It counts as an attempt; after the last one the message is dead.
 */
export class RetryAfter extends Error {
  override readonly name: string = 'RetryAfter';
  readonly delaySeconds: number;

  /**
   * @param delay a longer one is cut to 11 h 40 min: SQS's longest visibility timeout is 12 h, counted from the receive
   * @throws {RangeError} when the delay is no duration
   */
  constructor(delay: Duration, message: string = `retry after ${delay}`, options?: ErrorOptions) {
    super(message, options);
    this.delaySeconds = durationSeconds(delay);
  }
}

/** The reason of a tracked job's aborted `signal`: somebody cancelled it. A run that throws then is not tried again. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';

  constructor() {
    super('the job was cancelled');
  }
}

/** The payload does not fit the job's schema. The issues are the schema library's own, path and message. */
export class InvalidPayloadError extends NonRetryableError {
  override readonly name = 'InvalidPayloadError';
  readonly jobName: string;
  readonly issues: readonly PayloadIssue[];

  constructor(jobName: string, issues: readonly PayloadIssue[], options?: ErrorOptions) {
    super(`the payload does not fit ${jobName}: ${issues.map(issueText).join('; ')}`, options);
    this.jobName = jobName;
    this.issues = issues;
  }
}

export interface PayloadIssue {
  /** Where in the payload, such as `['friends', 0, 'name']`; empty for the payload as a whole. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function issueText({ path, message }: PayloadIssue): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}
