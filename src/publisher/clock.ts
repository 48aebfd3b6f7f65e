import { setTimeout as sleep } from 'node:timers/promises';

/** Time and random numbers. A test replaces them, so that it need not wait. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects when the signal is aborted, with an `AbortError`. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  random: Math.random,
};
