import { setTimeout as sleep } from 'node:timers/promises';

/** Time and chance, so that tests of timestamps, backoff and polling need not wait. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects when the signal is aborted, with an `AbortError`. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
  /** From 0 up to, but not including, 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  random: Math.random,
};
