import { PublishError } from '../errors.ts';

/** Why a job was not delayed, moved or cancelled. */
export class DelayError extends PublishError {
  override readonly name: string = 'DelayError';
  /** Undefined where it was about all of them. */
  readonly jobId: string | undefined;

  constructor({ jobName, jobId }: Subject, problem: string, options?: ErrorOptions) {
    const what = jobId === undefined ? 'the delayed jobs' : `the delayed ${jobName ?? 'job'} ${jobId}`;
    super(jobName, `${what}: ${problem}`, options);
    this.jobId = jobId;
  }
}

interface Subject {
  readonly jobName?: string;
  readonly jobId?: string;
}

/** The delay is missing or unreadable, or the time is in the past. */
export class InvalidDelayError extends DelayError {
  override readonly name = 'InvalidDelayError';
}

/** The message is larger than a schedule's input may be. */
export class DelayTooLargeError extends DelayError {
  override readonly name = 'DelayTooLargeError';
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(job: Subject, bytes: number, maxBytes: number) {
    super(
      job,
      `its input has ${bytes} bytes; EventBridge Scheduler takes ${maxBytes}, body and attributes together as JSON. ` +
        'Put the data in S3 and publish its key',
    );
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

/** A job of that ID is scheduled already, with another message or for another time. */
export class AlreadyDelayedError extends DelayError {
  override readonly name = 'AlreadyDelayedError';
  /** When that one comes; undefined for a schedule that somebody made by hand. */
  readonly at: Date | undefined;

  constructor(job: Subject, at: Date | undefined) {
    super(
      job,
      `another of that ID comes${at === undefined ? '' : ` at ${at.toISOString()}`}. Move it with reschedule, cancel it first, or take another jobId`,
    );
    this.at = at;
  }
}

/** EventBridge Scheduler refused, or could not be reached; `cause` is the SDK's error. */
export class DelayFailedError extends DelayError {
  override readonly name = 'DelayFailedError';
  /** Scheduler's error code or the SDK's error name, such as `AccessDeniedException` or `ThrottlingException`. */
  readonly code: string;

  constructor(job: Subject, cause: unknown) {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
    super(job, `${name}: ${message}. ${advice[name] ?? 'Try again, with the same jobId'}`, { cause });
    this.code = name;
  }
}

const advice: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    "Deploy the platform's stack, which makes the schedule group, and check the topic's ARN",
  AccessDeniedException: 'Allow it with platform.grantDelay(…)',
  ServiceQuotaExceededException: 'Have the quota raised (Service Quotas, EventBridge Scheduler)',
  CredentialsProviderError: 'Give credentials, such as by AWS_PROFILE',
  ExpiredTokenException: 'Log in again',
};
