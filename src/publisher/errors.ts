import { shown } from './shown.ts';

/**
 * Why a job was not published. Each reason has a subclass. All but `PublishFailedError` and `DelayFailedError` are found
 * before anything is sent. A payload that does not fit its schema is an `InvalidPayloadError`, as in the job's own log.
 */
export class PublishError extends Error {
  override readonly name: string = 'PublishError';
  /** The job's name. Undefined where it is not known. */
  readonly jobName: string | undefined;

  constructor(jobName: string | undefined, message: string, options?: ErrorOptions) {
    super(message, options);
    this.jobName = jobName;
  }
}

/** The given name cannot be a job's name: letters, digits, `-` and `_`, at most 64, beginning with a letter. */
export class InvalidJobNameError extends PublishError {
  override readonly name = 'InvalidJobNameError';

  constructor(jobName: unknown, problem: string) {
    super(
      typeof jobName === 'string' ? jobName : undefined,
      `${typeof jobName === 'string' ? `'${jobName}'` : shown(jobName)} is no job's name: it ${problem}. Publish to the name of a file in src/jobs`,
    );
  }
}

/** The given job object does not know its name: it reads it from its file's path, which a bundle does not keep. */
export class UnnamedJobError extends PublishError {
  override readonly name = 'UnnamedJobError';

  constructor() {
    super(
      undefined,
      "this job object does not know its name, because a bundle keeps no file paths. Publish by name: publish('GreetingJob', payload)",
    );
  }
}

/** The payload holds something that JSON cannot carry or would silently change. */
export class NotSerializableError extends PublishError {
  override readonly name = 'NotSerializableError';
  /** The place in the payload, such as `['friends', '0', 'age']`. Empty where the payload as a whole is at fault. */
  readonly path: readonly string[];
  /** What is wrong there. */
  readonly problem: string;

  constructor(jobName: string, path: readonly string[], problem: string, options?: ErrorOptions) {
    super(
      jobName,
      `the payload for ${jobName} is not JSON: ${['payload', ...path].join('.')} ${problem}`,
      options,
    );
    this.path = path;
    this.problem = problem;
  }
}

/** The message is larger than SNS or EventBridge Scheduler allows, and cannot travel through S3. */
export class MessageTooLargeError extends PublishError {
  override readonly name = 'MessageTooLargeError';
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(jobName: string, bytes: number, maxBytes: number, problem: string) {
    super(jobName, `the message for ${jobName} has ${bytes} bytes; ${problem}`);
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

/** A payload that is too large for SNS could not be put into the files bucket. `cause` is the SDK's error. */
export class PayloadNotStoredError extends PublishError {
  override readonly name = 'PayloadNotStoredError';
  readonly jobId: string;
  /** S3's error code or the SDK's error name, such as `NoSuchBucket` or `AccessDenied`. */
  readonly code: string;

  constructor(message: { jobName: string; jobId: string }, bucket: string, cause: unknown) {
    const { jobName, jobId } = message;
    const { name, message: reason } = cause instanceof Error ? cause : new Error(String(cause));
    super(
      jobName,
      `${jobName} ${jobId} was not published: its payload could not be put into the bucket ${bucket}: ${name}: ${reason}. ${storeAdvice[name] ?? defaultAdvice}`,
      { cause },
    );
    this.jobId = jobId;
    this.code = name;
  }
}

/** The caller gave more than 7 attributes. */
export class TooManyAttributesError extends PublishError {
  override readonly name = 'TooManyAttributesError';
  /** How many were given. */
  readonly count: number;

  constructor(jobName: string, count: number, maxOwn: number) {
    super(
      jobName,
      `the message for ${jobName} has ${count} attributes of its own; SQS takes 10, of which the publisher uses ${10 - maxOwn}. Give at most ${maxOwn}, and put the rest in the payload`,
    );
    this.count = count;
  }
}

/** SNS refuses an attribute's name or value (`jobId` is an attribute too), or the name is the publisher's own. */
export class InvalidAttributeError extends PublishError {
  override readonly name = 'InvalidAttributeError';
  readonly attribute: string;

  constructor(jobName: string, attribute: string, problem: string) {
    super(jobName, `attribute '${attribute}' of the message for ${jobName} ${problem}`);
    this.attribute = attribute;
  }
}

/** The `group` cannot be a `MessageGroupId`. */
export class InvalidGroupError extends PublishError {
  override readonly name = 'InvalidGroupError';

  constructor(jobName: string, group: unknown) {
    super(
      jobName,
      `group ${shown(group)} of the message for ${jobName} is no MessageGroupId: give 1 to 128 letters, digits and ASCII punctuation, such as a tenant's ID`,
    );
  }
}

/**
 * SNS refused the message or could not be reached. `cause` is the SDK's error where a whole call failed. When only the
 * answer was lost, the message may have arrived: publish it again with the same `jobId`.
 */
export class PublishFailedError extends PublishError {
  override readonly name = 'PublishFailedError';
  readonly jobId: string;
  /** SNS's error code or the SDK's error name, such as `NotFound`, `AuthorizationError` or `Throttled`. */
  readonly code: string;

  constructor(
    message: { jobName: string; jobId: string },
    code: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    const { jobName, jobId } = message;
    super(
      jobName,
      `${jobName} ${jobId} was not published: ${code}: ${reason}. ${publishAdvice[code] ?? defaultAdvice}`,
      options,
    );
    this.jobId = jobId;
    this.code = code;
  }
}

/** Why a delayed job could not be scheduled, moved or cancelled. Each reason has a subclass. */
export class DelayError extends PublishError {
  override readonly name: string = 'DelayError';
  /** Undefined where the call was about all delayed jobs. */
  readonly jobId: string | undefined;

  constructor({ jobName, jobId }: DelayedSubject, problem: string, options?: ErrorOptions) {
    const what = jobId === undefined ? 'the delayed jobs' : `the delayed ${jobName ?? 'job'} ${jobId}`;
    super(jobName, `${what}: ${problem}`, options);
    this.jobId = jobId;
  }
}

interface DelayedSubject {
  readonly jobName?: string;
  readonly jobId?: string;
}

/** The delay or the time is unreadable, in the past, or after the year 9999. */
export class InvalidDelayError extends DelayError {
  override readonly name = 'InvalidDelayError';
}

/** The message is larger than the input of a schedule may be. */
export class DelayTooLargeError extends DelayError {
  override readonly name = 'DelayTooLargeError';
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(job: DelayedSubject, bytes: number, maxBytes: number) {
    super(
      job,
      `its input has ${bytes} bytes; EventBridge Scheduler takes ${maxBytes}, body and attributes together as JSON. ` +
        'Put the data in S3 and publish its key',
    );
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

/** A job with that ID is already scheduled, with another message or for another time. */
export class AlreadyDelayedError extends DelayError {
  override readonly name = 'AlreadyDelayedError';
  /** The time of the scheduled job. Undefined for a schedule that somebody made by hand. */
  readonly at: Date | undefined;

  constructor(job: DelayedSubject, at: Date | undefined) {
    super(
      job,
      `another job with that ID is scheduled${at === undefined ? '' : ` for ${at.toISOString()}`}. Move it with reschedule, cancel it first, or take another jobId`,
    );
    this.at = at;
  }
}

/** EventBridge Scheduler refused or could not be reached. `cause` is the SDK's error. */
export class DelayFailedError extends DelayError {
  override readonly name = 'DelayFailedError';
  /** Scheduler's error code or the SDK's error name, such as `AccessDeniedException` or `ThrottlingException`. */
  readonly code: string;

  constructor(job: DelayedSubject, cause: unknown) {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
    super(job, `${name}: ${message}. ${delayAdvice[name] ?? 'Try again, with the same jobId'}`, { cause });
    this.code = name;
  }
}

const defaultAdvice = 'Publish it again, with the same jobId';

const storeAdvice: Readonly<Record<string, string>> = {
  NoSuchBucket: "Check filesBucket: it is the stack's output FilesBucket",
  AccessDenied: 'Allow s3:PutObject on payloads/* of the bucket',
  PermanentRedirect: "Check the bucket's Region: it is the topic's",
  CredentialsProviderError: 'Give credentials, such as by AWS_PROFILE',
  ExpiredToken: 'Log in again',
};

const publishAdvice: Readonly<Record<string, string>> = {
  NotFound: "Check the topic's ARN and Region",
  NotFoundException: "Check the topic's ARN and Region",
  AuthorizationError: 'Allow sns:Publish on the topic',
  AuthorizationErrorException: 'Allow sns:Publish on the topic',
  CredentialsProviderError: 'Give credentials, such as by AWS_PROFILE',
  ExpiredToken: 'Log in again',
};

const delayAdvice: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    "Deploy the platform's stack, which makes the schedule group, and check the topic's ARN",
  AccessDeniedException: 'Allow it with platform.grantDelay(…)',
  ServiceQuotaExceededException: 'Have the quota raised (Service Quotas, EventBridge Scheduler)',
  CredentialsProviderError: 'Give credentials, such as by AWS_PROFILE',
  ExpiredTokenException: 'Log in again',
};
