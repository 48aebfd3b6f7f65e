import type { FailureReason, JobState, JobStatus } from '../job/jobStatus.ts';

/** Why a published job's state or result is not to be had. */
export class JobHandleError extends Error {
  override readonly name: string = 'JobHandleError';
  readonly jobId: string;

  constructor(jobId: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.jobId = jobId;
  }
}

/** The publisher was not told where the platform's API is, which alone knows what becomes of jobs. */
export class NoApiUrlError extends JobHandleError {
  override readonly name = 'NoApiUrlError';

  constructor(jobId: string) {
    super(
      jobId,
      `what became of ${jobId} is not known without the API: give createPublisher an apiUrl, the stack's output ApiUrl`,
    );
  }
}

/** The job failed for good: it is a dead letter. */
export class JobDeadError extends JobHandleError {
  override readonly name = 'JobDeadError';
  readonly jobName: string;
  /** Why its last attempt failed; undefined where nobody knows. */
  readonly reason: FailureReason | undefined;
  /** How often it ran; undefined where nobody knows. */
  readonly attempts: number | undefined;

  constructor({ jobId, jobName, reason, attempt }: JobStatus) {
    const why = reason === undefined ? 'for an unknown reason' : `${reason.name}: ${reason.message}`;
    const after = attempt === undefined ? '' : ` after ${attempt} attempt${attempt === 1 ? '' : 's'}`;
    super(
      jobId,
      `${jobName} ${jobId} is dead${after}: ${why}. Mend it and redrive it from its dead-letter queue`,
    );
    this.jobName = jobName;
    this.reason = reason;
    this.attempts = attempt;
  }
}

/** Somebody cancelled the job. */
export class JobCancelledError extends JobHandleError {
  override readonly name = 'JobCancelledError';
  readonly jobName: string;

  constructor({ jobId, jobName }: JobStatus) {
    super(jobId, `${jobName} ${jobId} was cancelled`);
    this.jobName = jobName;
  }
}

/** The job had not ended when the wait did; it may still. */
export class ResultTimeoutError extends JobHandleError {
  override readonly name = 'ResultTimeoutError';
  /** Where the job was when last seen; undefined when the API never knew of it. */
  readonly state: JobState | undefined;

  constructor(jobId: string, timeout: string, state: JobState | undefined) {
    super(
      jobId,
      state === undefined
        ? `nothing was known of ${jobId} for ${timeout}: its first attempt has not begun, it is not there, or its job has no track: true`
        : `${jobId} is still ${state} after ${timeout}. Wait again with the publisher's handle(job, jobId), or give result a longer timeout`,
    );
    this.state = state;
  }
}

/** The API refused to answer, could not be reached, or answered what is no answer of it. */
export class JobApiError extends JobHandleError {
  override readonly name = 'JobApiError';
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined;

  constructor(jobId: string, problem: string, status?: number, options?: ErrorOptions) {
    const advice = status === 401 || status === 403 ? `. ${accessAdvice}` : '';
    super(jobId, `the API did not tell of ${jobId}: ${problem}${advice}`, options);
    this.status = status;
  }
}

const accessAdvice =
  "With IAM, allow lambda:InvokeFunctionUrl and lambda:InvokeFunction on the API's function; for an API with tokens give createPublisher a fetch that sends one";
