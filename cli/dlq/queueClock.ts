import type { Letter } from './letter.ts';

/** Compares SQS's clock with this computer's, by the letters that are received. */
export interface QueueClock {
  /** Hears of letters as soon as they are received. */
  note(letters: readonly Letter[]): void;
  /** A moment of SQS's clock by this computer's, at most a little later than it was. Epoch ms. */
  here(sqsMs: number): number;
}

/**
 * A letter that is received for the first time says when, by SQS's clock, that was: just before now. Until there is one,
 * the clocks are taken to be alike.
 */
export function queueClock(now: () => number): QueueClock {
  let aheadMs: number | undefined;
  return {
    note(letters) {
      const nowMs = now();
      for (const { receiveCount, firstReceivedAtMs } of letters) {
        if (receiveCount > 1 || firstReceivedAtMs === undefined) continue;
        aheadMs = Math.max(aheadMs ?? Number.NEGATIVE_INFINITY, firstReceivedAtMs - nowMs);
      }
    },
    here: (sqsMs) => sqsMs - (aheadMs ?? 0),
  };
}
