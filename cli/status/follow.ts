import { setTimeout as sleep } from 'node:timers/promises';
import type { JobState } from '../../src/job/jobStatus.ts';
import { isPassing, maxFailuresInRow } from '../../src/publisher/handle.ts';
import type { StatusAnswer } from '../../src/publisher/jobApi.ts';
import type { StatusApi } from './statusApi.ts';

/**
 * A job's status, again and again until it has ended, or the signal is aborted: then it ends too. undefined while the
 * API does not know the job. What fails in passing is tried again.
 */
export async function* follow(
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
