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
  /** The stack that was named, if one was: for the command that looks again. */
  readonly stack?: string | undefined;
  readonly json: boolean;
  /** The publisher's own default when left out. */
  readonly timeout?: Duration | undefined;
}

/** @throws {CommandError} when `--timeout` is no duration, or stands alone */
export function checkTimeout(timeout: string | undefined, wait: boolean): void {
  if (timeout === undefined) return;
  if (!wait) throw new CommandError('--timeout says how long to --wait: give both');
  durationOption('--timeout', timeout);
}

/**
 * Before anything is published: waiting in vain is worse than a mistake that is named at once.
 * @throws {CommandError} when nobody would know what becomes of the job
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
 * Waits for a job, with a bar while it says how far it is, and prints what became of it. Ctrl-C ends the wait, and not the
 * job.
 * @returns failed when it is dead, cancelled, or not to be known
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

/** A bar while somebody waits for a job: its state, and how far it is. */
export function startWaitBar(stream: NodeJS.WritableStream) {
  // Until anything is known of it.
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

/** By the errors of a handle. */
const ends: Readonly<Record<string, 'dead' | 'cancelled'>> = {
  JobDeadError: 'dead',
  JobCancelledError: 'cancelled',
};

/** As somebody types it where this command was typed. */
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

/** What a handle advises after a timeout is for those who write code. */
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
