import type { Duration } from '../job/duration.ts';
import { NonRetryableError } from '../job/errors.ts';
import { queueRetention } from '../job/retention.ts';

/** What the runtime itself says of a message: these stand as reasons in dead letters and statuses. */

/** The message holds no payload to run a job with: it is no JSON, or points to none. */
export class InvalidMessageError extends NonRetryableError {
  override readonly name = 'InvalidMessageError';
}

/** The attempt before this delivery ended without an outcome: its process crashed, timed out or ran out of memory. */
export class LostAttemptError extends NonRetryableError {
  override readonly name = 'LostAttemptError';

  constructor() {
    super('the last attempt ended without an outcome: a crash, a timeout or out of memory');
  }
}

/** The message has been in its queue for so long that SQS would delete it before another attempt has ended. */
export class OutOfTimeError extends NonRetryableError {
  override readonly name = 'OutOfTimeError';

  constructor(delay: Duration, cause: unknown) {
    super(`no attempt after ${delay}: SQS keeps it ${queueRetention}`, { cause });
  }
}

/** The deadline was near before the job was done. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(afterMs: number) {
    super(`not done after ${afterMs} ms, shortly before its timeout`);
  }
}
