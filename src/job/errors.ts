import { type Duration, durationSeconds } from './duration.ts';

/**
 * Throw it in `run` when another attempt would fail as well: the message goes to the
 * dead-letter queue at once, with this error as the reason.
 */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError';
}

/**
 * Throw it in `run` to choose the delay before the next attempt, once, in place of `retryDelay`:
 * `throw new RetryAfter('10m', 'the shop is busy', { cause })`. The attempt counts: after the last one the message is a
 * dead letter all the same.
 */
export class RetryAfter extends Error {
  override readonly name: string = 'RetryAfter';
  readonly delaySeconds: number;

  /**
   * @param delay such as `'30s'`. A delay above 11 h 40 min is cut to that: SQS allows 12 h, counted from the receive
   * @param message stands in the log and in a dead letter. Default `retry after <delay>`
   * @throws {RangeError} when the delay is not a duration
   */
  constructor(delay: Duration, message: string = `retry after ${delay}`, options?: ErrorOptions) {
    super(message, options);
    this.delaySeconds = durationSeconds(delay);
  }
}

/**
 * The reason of a tracked job's aborted `signal`: somebody cancelled the job. A
 * run that then throws is not tried again.
 */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';

  constructor() {
    super('the job was cancelled');
  }
}

/** The payload does not fit the job's schema. `issues` are those of the schema library. */
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
  /** The place in the payload, such as `['friends', 0, 'name']`. Empty where the payload as a whole is at fault. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function issueText({ path, message }: PayloadIssue): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}
