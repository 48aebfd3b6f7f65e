export type { JobContext, JobLog, LogFields } from './context.ts';
export {
  type AnyJob,
  defineJob,
  type IamStatement,
  type Idempotency,
  isJob,
  type Job,
  type JobOptions,
  type PayloadOf,
  type ResultOf,
  type Uploads,
} from './defineJob.ts';
export type { Duration } from './duration.ts';
export { CancelledError, InvalidPayloadError, NonRetryableError, RetryAfter } from './errors.ts';
export type { GrowingDelay, RetryDelay } from './retryDelay.ts';
export type { Schedule, ScheduleDetails, ScheduleExpression } from './schedule.ts';
