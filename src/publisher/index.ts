export type { FailureReason, JobState, JobStatus, Progress, StateChange } from '../job/jobStatus.ts';
export {
  AlreadyDelayedError,
  DelayError,
  DelayFailedError,
  InvalidAttributeError,
  InvalidDelayError,
  InvalidGroupError,
  InvalidJobNameError,
  MessageTooLargeError,
  NotSerializableError,
  PayloadNotStoredError,
  PublishError,
  PublishFailedError,
  TooManyAttributesError,
  UnnamedJobError,
} from './errors.ts';
export type { JobHandle, ResultOptions } from './handle.ts';
export {
  JobApiError,
  JobCancelledError,
  JobDeadError,
  JobHandleError,
  NoApiUrlError,
  ResultTimeoutError,
} from './handle.ts';
export type {
  Delayed,
  DelayedOptions,
  JobName,
  PayloadFor,
  Published,
  PublishItem,
  PublishOptions,
  PublishResult,
  ResultFor,
} from './item.ts';
export { createPublisher, type Publisher, type PublisherOptions, type PublishProgress } from './publisher.ts';
export type { When } from './publishTime.ts';
