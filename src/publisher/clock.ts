import { setTimeout as sleep } from 'node:timers/promises';

/** Time and chance, so that tests of timestamps and backoff need not wait. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<unknown>;
  /** From 0 up to, but not including, 1. */
  random(): number;
}

export const systemClock: Clock = { now: Date.now, sleep, random: Math.random };
