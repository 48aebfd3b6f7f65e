import { setTimeout as sleep } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import type { JobState, JobStatus } from '../../src/job/jobStatus.ts';
import { isPassing, maxFailuresInRow } from '../../src/publisher/handle.ts';
import type { StatusAnswer } from '../../src/publisher/jobApi.ts';
import { type End, onInterrupt } from '../outcome.ts';
import type { StatusApi } from './statusApi.ts';
import { progressText, resultText, statusText, unknownText } from './statusText.ts';

/** `--watch`: shows a job until it has ended, or somebody interrupts. */
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
 * A job's status, again and again until it has ended, or the signal is aborted: then it ends too. undefined while the
 * API does not know the job. What fails in passing is tried again.
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

/** Somebody looks at it: the API's own wish, up to 5 s, is for programs. */
const longestWaitMs = 1_000;

const ends: ReadonlySet<JobState> = new Set(['succeeded', 'dead', 'cancelled']);

/** Shows a job while it goes on: redrawn in place on a terminal, a line for each change elsewhere. */
interface View {
  /** @param status undefined while nothing is known of the job */
  update(status: JobStatus | undefined): void;
  /** Leaves the last state on the screen. @param result of a job that succeeded, for people to read */
  end(status: JobStatus | undefined, result?: string): void;
}

/** @param json prints a status as JSON for each change */
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
    // log-update 7.2 redraws the lines that differ, and loses some of the others when their number changes.
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

/** Says the same as long as nothing has changed. */
function changeLine({ state, attempt, progress, updatedAt, isCancelRequested }: JobStatus): string {
  return [
    `${updatedAt}  ${state}`,
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(isCancelRequested ? ['asked to stop'] : []),
    ...(progress === undefined || state === 'succeeded' ? [] : [progressText(progress)]),
  ].join(', ');
}
