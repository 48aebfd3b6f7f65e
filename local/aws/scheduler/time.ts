import type { Clock } from '../alarms/clock.ts';

/** A time that runs `speed` times as fast as real time, and was the same at one moment. Epoch ms both. */
export interface FastTime {
  fromReal(realMs: number): number;
  toReal(fastMs: number): number;
}

/** @param sameMs when both were the same */
export function fastTime(sameMs: number, speed: number): FastTime {
  return {
    fromReal: (realMs) => sameMs + (realMs - sameMs) * speed,
    toReal: (fastMs) => sameMs + (fastMs - sameMs) / speed,
  };
}

/**
 * Longer waits are done in steps: a timer takes at most 2^31 ms (25 days), and stands still while the machine sleeps,
 * so that the time of day is looked at again once it has woken up.
 */
const STEP_MS = 60_000;

/** Calls `work` once it is `atMs` (epoch ms, however far), soon when that is past. Returns what cancels it. */
export function callAt(clock: Clock, atMs: number, work: () => void): () => void {
  let cancel = step();
  return () => cancel();

  function step(): () => void {
    const leftMs = Math.min(STEP_MS, Math.max(0, Math.ceil(atMs - clock.now())));
    const stop = clock.every(leftMs, () => {
      stop();
      if (clock.now() >= atMs) work();
      else cancel = step();
    });
    return stop;
  }
}

/** Waits; false when it was aborted meanwhile. */
export function wait(clock: Clock, ms: number, aborted: AbortSignal): Promise<boolean> {
  if (aborted.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = () => {
      cancel();
      resolve(false);
    };
    const cancel = callAt(clock, clock.now() + ms, () => {
      aborted.removeEventListener('abort', onAbort);
      resolve(true);
    });
    aborted.addEventListener('abort', onAbort, { once: true });
  });
}
