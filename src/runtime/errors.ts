import type { Duration } from '../job/duration.ts';
import { NonRetryableError } from '../job/errors.ts';
import { queueRetention } from '../job/retention.ts';

/** Errors of the runtime itself. They are reasons in dead letters and statuses. */

/** The message has no payload for the job: it is not JSON, or it points to a payload that cannot be read. */
export class InvalidMessageError extends NonRetryableError {
  override readonly name = 'InvalidMessageError';
}

/** The last attempt ended without an outcome: its process crashed, timed out or ran out of memory. */
export class LostAttemptError extends NonRetryableError {
  override readonly name = 'LostAttemptError';

  constructor() {
    super('the last attempt ended without an outcome: a crash, a timeout or out of memory');
  }
}

/** The message has been in its queue for so long that SQS would delete it before another attempt could end. */
export class OutOfTimeError extends NonRetryableError {
  override readonly name = 'OutOfTimeError';

  constructor(delay: Duration, cause: unknown) {
    super(`would expire in ${delay}: SQS keeps it ${queueRetention}`, { cause });
  }
}

/** The job was not done shortly before its timeout. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(afterMs: number) {
    super(`not done after ${afterMs} ms, shortly before its timeout`);
  }
}
