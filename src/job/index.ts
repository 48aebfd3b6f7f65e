export type { JobContext, JobLog, LogFields } from './context.ts';
export {
  type AnyJob,
  defineJob,
  type IamStatement,
  isJob,
  type Job,
  type JobOptions,
  type PayloadOf,
  type ResultOf,
} from './defineJob.ts';
export type { Duration } from './duration.ts';
export { CancelledError, InvalidPayloadError, NonRetryableError, RetryAfter } from './errors.ts';
export type { Idempotency } from './idempotency.ts';
export type { GrowingDelay, RetryDelay } from './retryDelay.ts';
export type { Schedule, ScheduleDetails, ScheduleExpression } from './schedule.ts';
export type { Uploads } from './uploads.ts';
