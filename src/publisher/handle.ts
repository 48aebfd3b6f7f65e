import { type Duration, durationSeconds } from '../job/duration.ts';
import type { FailureReason, JobState, JobStatus, Progress } from '../job/jobStatus.ts';
import type { Clock } from './clock.ts';
import type { JobApi, StatusAnswer } from './jobApi.ts';

/**
 * A published job that can be followed and cancelled through the platform's API. That works for jobs with `track: true`.
 * Every method rejects with a `NoApiUrlError` when the publisher has no `apiUrl`, and with a `JobApiError` when the API
 * refuses or cannot be reached.
 */
export interface JobHandle<Result = unknown> {
  readonly jobId: string;

  /** The job's status. Undefined before the first attempt has begun, because nothing is recorded until then. */
  status(): Promise<JobStatus | undefined>;

  /**
   * Waits until the job has ended.
   * @returns what `run` returned, as JSON carries it; undefined when `run` returned nothing
   * @throws {JobDeadError} when the job failed for good
   * @throws {JobCancelledError} when somebody cancelled the job
   * @throws {ResultTimeoutError} when the job had not ended within `timeout`
   */
  result(options?: ResultOptions): Promise<Result>;

  /**
   * Downloads the file that `run` returned by `saveFile`, once the job has succeeded.
   * @returns the response, whose body is the file's content and has not been read
   */
  download(options?: { readonly signal?: AbortSignal | undefined }): Promise<Response>;

  /**
   * Cancels the job. While it waits, even before its first attempt, it will not run; while it runs, its `signal` is
   * aborted. A delayed job that is not published yet is cancelled by the publisher's own `cancel`.
   * @returns the status after that; undefined when nothing was cancelled. The reasons are: the job is not tracked; the ID
   * belongs to another job; the API uses tokens, and the job was not scheduled through the API; or the job has not begun,
   * and the handle was made of a job object that does not know its name
   */
  cancel(): Promise<JobStatus | undefined>;
}

/** The options of `result`. All are optional. */
export interface ResultOptions {
  /** The longest time to wait. Default `'5m'`. */
  readonly timeout?: Duration | undefined;
  /** Ends the wait: `result` rejects with the signal's reason, and the job goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Is called with each status that the API gives while waiting. */
  readonly onStatus?: ((status: JobStatus) => void) | undefined;
  /** Is called with each new progress of the job. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** How long `result` waits by default. */
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

/**
 * After how many failures in a row `result` gives up, where the caller is not at
 * fault. The waits between take 7 to 15 s.
 */
export const maxFailuresInRow = 5;

/** Whether another request may succeed: no answer came, there were too many requests, or the API itself failed. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof JobApiError)) return false;
  const { status } = error;
  return status === undefined || status === 429 || status >= 500;
}

/** @throws the signal's own reason, in place of the timer's `AbortError` */
async function sleep(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await clock.sleep(ms, signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

/** The result in a status, or, for a large one, in S3. */
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

/** Why a method of a `JobHandle` rejected. Each reason has a subclass. */
export class JobHandleError extends Error {
  override readonly name: string = 'JobHandleError';
  readonly jobId: string;

  constructor(jobId: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.jobId = jobId;
  }
}

/** The publisher was made without an `apiUrl`. */
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
  /** Why the last attempt failed. Undefined where that is not known. */
  readonly reason: FailureReason | undefined;
  /** How many attempts there were. Undefined where that is not known. */
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

/** The job had not ended when the wait was over. It goes on. */
export class ResultTimeoutError extends JobHandleError {
  override readonly name = 'ResultTimeoutError';
  /** The last state that the API gave. Undefined when the API knew nothing of the job. */
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

/** The API refused, could not be reached, or did not answer as the API does. */
export class JobApiError extends JobHandleError {
  override readonly name = 'JobApiError';
  /** The HTTP status. Undefined when no answer came. */
  readonly status: number | undefined;

  constructor(jobId: string, problem: string, status?: number, options?: ErrorOptions) {
    const advice = status === 401 || status === 403 ? `. ${accessAdvice}` : '';
    super(jobId, `asking the API about ${jobId} failed: ${problem}${advice}`, options);
    this.status = status;
  }
}

const accessAdvice =
  "With IAM, allow lambda:InvokeFunctionUrl and lambda:InvokeFunction on the API's function; for an API with tokens give createPublisher a fetch that sends one";
