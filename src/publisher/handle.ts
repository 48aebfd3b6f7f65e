import { type Duration, durationSeconds } from '../job/duration.ts';
import type { JobStatus, Progress } from '../job/jobStatus.ts';
import type { Clock } from './clock.ts';
import {
  JobApiError,
  JobCancelledError,
  JobDeadError,
  NoApiUrlError,
  ResultTimeoutError,
} from './handleErrors.ts';
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
