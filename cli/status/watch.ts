import { setTimeout as sleep } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import type { JobState, JobStatus } from '../../src/job/jobStatus.ts';
import { isPassing, maxFailuresInRow } from '../../src/publisher/handle.ts';
import type { StatusAnswer } from '../../src/publisher/jobApi.ts';
import { type End, onInterrupt } from '../outcome.ts';
import type { StatusApi } from './statusApi.ts';
import { progressText, resultText, statusText, unknownText } from './statusText.ts';

/** `--watch`: shows a job until it has ended, or Ctrl-C interrupts. */
export async function watchJob(api: StatusApi, jobId: string, json: boolean): Promise<End> {
  using interrupt = onInterrupt('the job goes on');
  const view = startView(jobId, process.stdout, json);
  let last: JobStatus | undefined;
  try {
    for await (const now of follow(api, jobId, interrupt.signal)) {
      last = now;
      view.update(now);
    }
    view.end(last, last && !json ? await resultText(last, api) : undefined);
  } catch (error) {
    view.end(last);
    throw error;
  }
  if (interrupt.signal.aborted) return 'interrupted';
  return last?.state === 'succeeded' ? 'done' : 'failed';
}

/**
 * Yields a job's status again and again, until the job has ended or the signal is aborted; undefined while the API does not
 * know the job. A request that fails for a passing reason is sent again.
 */
async function* follow(
  api: StatusApi,
  jobId: string,
  signal: AbortSignal,
): AsyncGenerator<StatusAnswer['status'], void, undefined> {
  for (let failures = 0; !signal.aborted; ) {
    const answer = await api.status(jobId, signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      failures += 1;
      if (!isPassing(error) || failures === maxFailuresInRow) throw error;
      return undefined;
    });
    if (signal.aborted) return;
    if (answer !== undefined) {
      failures = 0;
      yield answer.status;
      if (answer.status !== undefined && ends.has(answer.status.state)) return;
    }
    const waitMs = Math.min(answer?.retryAfterMs ?? 500 * 2 ** failures, longestWaitMs);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Shorter than the up to 5 s that the API asks programs to wait, because a person is watching. */
const longestWaitMs = 1_000;

const ends: ReadonlySet<JobState> = new Set(['succeeded', 'dead', 'cancelled']);

/** Shows a job while it is watched: redrawn in place on a terminal, otherwise a line for each change. */
interface View {
  /** @param status undefined while nothing is known of the job */
  update(status: JobStatus | undefined): void;
  /**
   * Leaves the last state on the screen.
   * @param result the result of a job that succeeded, in words
   */
  end(status: JobStatus | undefined, result?: string): void;
}

/** @param json whether to print the status as JSON at each change */
export function startView(jobId: string, stream: NodeJS.WriteStream, json: boolean): View {
  if (json) return lineView(jobId, stream, JSON.stringify, () => undefined);
  if (stream.isTTY) return liveView(jobId, stream);
  return lineView(jobId, stream, changeLine, (status, result) =>
    stream.write(`\n${statusText(status, Date.now(), result)}\n`),
  );
}

function liveView(jobId: string, stream: NodeJS.WriteStream): View {
  const log = createLogUpdate(stream);
  const show: View['end'] = (status, result) => {
    // Without this, log-update 7.2 loses lines when their number changes.
    log.clear();
    log(status === undefined ? `${unknownText(jobId)} …` : statusText(status, Date.now(), result));
  };
  return {
    update: (status) => show(status),
    end(status, result) {
      show(status, result);
      log.done();
    },
  };
}

function lineView(
  jobId: string,
  stream: NodeJS.WriteStream,
  textOf: (status: JobStatus) => string,
  printEnd: (status: JobStatus, result?: string) => unknown,
): View {
  let shown: string | undefined;
  return {
    update(status) {
      const now = status === undefined ? '' : textOf(status);
      if (now === shown) return;
      shown = now;
      if (status === undefined) console.error(`${unknownText(jobId)} …`);
      else stream.write(`${now}\n`);
    },
    end(status, result) {
      if (status !== undefined) printEnd(status, result);
    },
  };
}

/** Describes a status in one line, which stays the same as long as nothing has changed. */
function changeLine({ state, attempt, progress, updatedAt, isCancelRequested }: JobStatus): string {
  return [
    `${updatedAt}  ${state}`,
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(isCancelRequested ? ['asked to stop'] : []),
    ...(progress === undefined || state === 'succeeded' ? [] : [progressText(progress)]),
  ].join(', ');
}
