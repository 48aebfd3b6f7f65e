import { isFileResult } from '../../src/files/fileResult.ts';
import type { AnyJob, Duration, JobHandle } from '../../src/index.ts';
import type { JobStatus } from '../../src/job/jobStatus.ts';
import { defaultResultTimeout, ResultTimeoutError } from '../../src/publisher/handle.ts';
import { baseOf } from '../../src/publisher/jobApi.ts';
import { startBar } from '../bar.ts';
import { CommandError, type End, onInterrupt } from '../outcome.ts';
import { apiUrlOf } from '../status/statusApi.ts';
import { fileText, resultLines } from '../status/statusText.ts';
import type { Target } from '../target.ts';
import { oneLine, shellWord } from '../text.ts';
import { durationOption } from '../when.ts';

/** How to wait for a published job. */
interface WaitOptions {
  readonly jobName: string;
  readonly target: Target;
  /** The stack that was named, if any: it is repeated in the command that looks again. */
  readonly stack?: string | undefined;
  readonly json: boolean;
  /** Default: the publisher's own. */
  readonly timeout?: Duration | undefined;
}

/** @throws {CommandError} when `--timeout` is not a duration, or is given without `--wait` */
export function checkTimeout(timeout: string | undefined, wait: boolean): void {
  if (timeout === undefined) return;
  if (!wait) throw new CommandError('--timeout says how long to --wait: give both');
  durationOption('--timeout', timeout);
}

/**
 * Called before anything is published, so that nobody waits for a result that cannot come.
 * @throws {CommandError} when the job does not track, or the platform's API is not known
 */
export function checkCanWait(target: Target, jobName: string, job: AnyJob | string): void {
  if (typeof job !== 'string' && job.track !== true) {
    throw new CommandError(
      `${jobName} is not tracked, so nobody knows how it goes: write track: true in src/jobs/${jobName}.ts, or publish without --wait`,
    );
  }
  apiUrlOf(target);
}

/**
 * Waits for a job, shows its progress as a bar, and prints how it ended. Ctrl-C ends the wait, but not the job.
 * @returns failed when the job is dead or cancelled, or when nobody can tell
 */
export async function waitForResult(handle: JobHandle, options: WaitOptions): Promise<End> {
  using interrupt = onInterrupt('not waiting any more');
  const { signal } = interrupt;
  using bar = startWaitBar(process.stderr);
  const ending = handle.result({
    timeout: options.timeout,
    signal,
    onStatus: (status) => bar.show(status),
  });
  const end = await ending.then(
    (result): Ending => ({ status: 'succeeded', result }),
    (error: Error): Ending => ({ status: ends[error.name] ?? 'unknown', error }),
  );
  bar[Symbol.dispose]();
  if (end.status === 'unknown' && signal.aborted) {
    console.error(`the job goes on. See how it ends: ${lookAgain(handle.jobId, options)}`);
    return 'interrupted';
  }
  print(handle.jobId, end, options);
  return end.status === 'succeeded' ? 'done' : 'failed';
}

/** A bar that shows a job's state and progress. */
export function startWaitBar(stream: NodeJS.WritableStream) {
  // Shown until the first status comes.
  const unknown = { state: 'waiting', text: '' };
  const bar = startBar('{state} |{bar}| {percentage}% {text}', 1, unknown, stream);
  return {
    show({ state, progress }: Pick<JobStatus, 'state' | 'progress'>) {
      const { fraction = 0, text = '' } = progress ?? {};
      bar.update(fraction, { state, text: oneLine(text, 60) });
    },
    [Symbol.dispose]: () => bar[Symbol.dispose](),
  };
}

type Ending =
  | { readonly status: 'succeeded'; readonly result: unknown }
  | { readonly status: 'dead' | 'cancelled' | 'unknown'; readonly error: Error };

/** The ends by the names of the errors that a handle's `result()` throws. */
const ends: Readonly<Record<string, 'dead' | 'cancelled'>> = {
  JobDeadError: 'dead',
  JobCancelledError: 'cancelled',
};

/** The command that shows later how the job ended. */
function lookAgain(jobId: string, { stack }: WaitOptions): string {
  const where = stack === undefined ? '' : ` --stack ${shellWord(stack)}`;
  return `npm run jobs -- status ${shellWord(jobId)} --watch${where}`;
}

function print(jobId: string, end: Ending, options: WaitOptions): void {
  const { jobName, target, json } = options;
  if (json) {
    const { name, message } = 'error' in end ? end.error : {};
    const outcome = 'error' in end ? { error: { name, message } } : { result: end.result };
    console.log(JSON.stringify({ status: end.status, jobName, jobId, ...outcome }));
  } else if ('error' in end) {
    console.error(failureText(jobId, end, options));
  } else if (isFileResult(end.result)) {
    const url = baseOf(apiUrlOf(target));
    console.log(`succeeded\n${resultLines(fileText(end.result, { jobId }, { url }))}`);
  } else {
    const result = end.result === undefined ? '' : `: ${JSON.stringify(end.result, undefined, 2)}`;
    console.log(`succeeded${result}`);
  }
}

/** Says how the job failed. A handle's own advice after a timeout is for programmers, so the text here is another. */
function failureText(
  jobId: string,
  { status, error }: Extract<Ending, { error: Error }>,
  options: WaitOptions,
): string {
  const message = oneLine(error.message, 2_000);
  if (!(error instanceof ResultTimeoutError)) {
    return `${status === 'unknown' ? 'not known' : status}: ${message}`;
  }
  const { timeout = defaultResultTimeout } = options;
  const what =
    error.state === undefined
      ? `not known: ${message}`
      : `${oneLine(jobId, 200)} is still ${error.state} after ${timeout}, and goes on`;
  return `${what}. See how it ends: ${lookAgain(jobId, options)}`;
}
