import { availableParallelism } from 'node:os';
import type { LocalFunction } from '../lambda/function.ts';

/** Lets requests in to a function: to a sandbox that is idle, else to one that starts, within limits. */
export interface Admission {
  /** Resolves to what says that the request is over; to undefined where there is no room: throttled. */
  enter(): Promise<(() => void) | undefined>;
}

/** Sandboxes of one function at once. Each is a process of some 50 MB, and each stream that is open occupies one. */
const MAX_CONCURRENCY = 50;
/** How long a request waits when there are that many. */
const MAX_WAIT_MS = 1_000;
/** How long a request waits for a sandbox that is busy with a quick one before another is started: that takes longer. */
const PATIENCE_MS = 100;
const START_INTERVAL_MS = 100;
const CHECK_INTERVAL_MS = 20;
/** Requests that take longer do not occupy the machine: they wait for something, or stream. */
const QUICK_MS = 1_000;

/**
 * AWS starts a sandbox for every request that finds none idle. Here a burst would start fifty processes that get into
 * each other's way, where two would soon have served it.
 * @param maxQuick how many requests that are not known to be slow run at once
 */
export function createAdmission(
  fn: Pick<LocalFunction, 'sandboxes' | 'busy'>,
  maxQuick = Math.max(4, 2 * availableParallelism()),
): Admission {
  const waiting: Waiting[] = [];
  const inside = new Set<{ readonly sinceMs: number }>();
  let lastStartMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  return {
    enter: () => {
      const { promise, resolve } = Promise.withResolvers<(() => void) | undefined>();
      waiting.push({ resolve, sinceMs: performance.now() });
      admit();
      return promise;
    },
  };

  function admit(): void {
    clearTimeout(timer);
    const nowMs = performance.now();
    for (let first = waiting[0]; first && isRoom(nowMs, first); first = waiting[0]) {
      waiting.shift();
      if (!isIdle()) lastStartMs = nowMs;
      const request = { sinceMs: nowMs };
      inside.add(request);
      first.resolve(() => {
        if (inside.delete(request)) admit();
      });
    }
    while (inside.size >= MAX_CONCURRENCY && waiting[0] && nowMs - waiting[0].sinceMs >= MAX_WAIT_MS) {
      waiting.shift()?.resolve(undefined);
    }
    if (waiting.length > 0) timer = setTimeout(admit, CHECK_INTERVAL_MS);
  }

  function isRoom(nowMs: number, { sinceMs }: Waiting): boolean {
    if (isIdle()) return true;
    const quick = [...inside].filter((request) => nowMs - request.sinceMs < QUICK_MS).length;
    if (quick >= maxQuick || inside.size >= MAX_CONCURRENCY) return false;
    if (quick === 0) return true;
    return nowMs - sinceMs >= PATIENCE_MS && nowMs - lastStartMs >= START_INTERVAL_MS;
  }

  /** Those that were let in and have no sandbox yet count as busy. */
  function isIdle(): boolean {
    return fn.sandboxes - Math.max(inside.size, fn.busy) > 0;
  }
}

interface Waiting {
  resolve(leave: (() => void) | undefined): void;
  readonly sinceMs: number;
}
