import { type Duration, durationSeconds } from '../job/duration.ts';
import type { FailureReason, JobState, JobStatus, Progress } from '../job/jobStatus.ts';
import type { Clock } from './clock.ts';
import type { JobApi, StatusAnswer } from './jobApi.ts';

/**
 * A job that was published, as the platform's API knows it: of jobs with `track: true` alone. Every method rejects with
 * a `NoApiUrlError` without the publisher's `apiUrl`, and with a `JobApiError` when the API does not answer.
 */
export interface JobHandle<Result = unknown> {
  readonly jobId: string;

  /** Where it is; undefined before its first attempt has begun, for until then nobody but the queue knows of it. */
  status(): Promise<JobStatus | undefined>;

  /**
   * Waits until it has ended.
   * @returns what `run` returned, as JSON carries it; undefined when that was nothing
   * @throws {JobDeadError} when it failed for good
   * @throws {JobCancelledError} when somebody cancelled it
   * @throws {ResultTimeoutError} when it had not ended in time
   */
  result(options?: ResultOptions): Promise<Result>;

  /** The file that `run` returned (`saveFile`), once the job has succeeded: its content is the response's body. */
  download(options?: { readonly signal?: AbortSignal | undefined }): Promise<Response>;

  /**
   * Cancels it: while it waits it never runs, even if its first attempt has not begun; while it runs its `signal` is
   * aborted. One that is delayed, and has not been published, is taken back by the publisher's own `cancel`.
   * @returns where it is now; undefined when nothing was cancelled: no job of that name tracks, the ID is another job's,
   * the API asks for tokens, by which it knows only what was scheduled through it, or the job has not begun and was given
   * as an object that does not know its name
   */
  cancel(): Promise<JobStatus | undefined>;
}

export interface ResultOptions {
  /** The longest to wait. Default 5 min. */
  readonly timeout?: Duration | undefined;
  /** Ends the wait, with the signal's reason; the job goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Called with its status whenever that was asked for, and the API knows the job. */
  readonly onStatus?: ((status: JobStatus) => void) | undefined;
  /** Called whenever the job has said how far it is. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** How long a result is waited for, where nothing is said. */
export const defaultResultTimeout: Duration = '5m';

/**
 * @param jobName undefined for a job object that does not know its name, since a bundle keeps no file paths
 * @param api undefined where the publisher has no `apiUrl`
 */
export function jobHandle<Result>(
  jobName: string | undefined,
  jobId: string,
  api: JobApi | undefined,
  clock: Clock,
): JobHandle<Result> {
  const known = (): JobApi => {
    if (api === undefined) throw new NoApiUrlError(jobId);
    return api;
  };
  return {
    jobId,
    status: async () => (await known().status(jobId)).status,
    result: async (options) => (await resultOf(jobId, known(), clock, options)) as Result,
    download: async ({ signal } = {}) => known().result(jobId, signal),
    cancel: async () => known().cancel(jobId, jobName),
  };
}

async function resultOf(
  jobId: string,
  api: JobApi,
  clock: Clock,
  { timeout = defaultResultTimeout, signal, onStatus, onProgress }: ResultOptions = {},
): Promise<unknown> {
  const endsAtMs = clock.now() + durationSeconds(timeout) * 1000;
  let last: JobStatus | undefined;
  for (let failures = 0; ; ) {
    const answer = await api.status(jobId, signal).catch((error: unknown) => {
      failures += 1;
      if (!isPassing(error) || failures === maxFailuresInRow) throw error;
      return undefined;
    });
    if (answer !== undefined) {
      const { status } = answer;
      if (status !== undefined) onStatus?.(status);
      if (status?.progress !== undefined && status.progress.at !== last?.progress?.at) {
        onProgress?.(status.progress);
      }
      if (status?.state === 'succeeded') return await resultIn(status, api, signal);
      if (status?.state === 'dead') throw new JobDeadError(status);
      if (status?.state === 'cancelled') throw new JobCancelledError(status);
      [last, failures] = [status ?? last, 0];
    }
    const restMs = endsAtMs - clock.now();
    if (restMs <= 0) throw new ResultTimeoutError(jobId, timeout, last?.state);
    const waitMs = answer?.retryAfterMs ?? 500 * 2 ** failures * (0.5 + clock.random() / 2);
    await sleep(clock, Math.min(waitMs, restMs), signal);
  }
}

/** As often as that an answer may fail through no fault of the caller's; the waits between are 7 to 15 s together. */
export const maxFailuresInRow = 5;

/** No answer, too many requests, or an error of the API's own. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof JobApiError)) return false;
  const { status } = error;
  return status === undefined || status === 429 || status >= 500;
}

/** @throws the signal's own reason, not the `AbortError` of the timer */
async function sleep(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await clock.sleep(ms, signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

/** A large one is not in the status but in S3. */
async function resultIn(
  status: NonNullable<StatusAnswer['status']>,
  api: JobApi,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if ('result' in status || status.links?.result === undefined) return status.result;
  const response = await api.result(status.jobId, signal);
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

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

/** The API refused, could not be reached, or gave an answer that is not the API's. */
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
