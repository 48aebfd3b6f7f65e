import type { Clock } from '../../../local/aws/alarms/clock.ts';

/** Time that moves when told. */
export function virtualClock(startsAt: string | number = Date.now()) {
  let nowMs = new Date(startsAt).getTime();
  const timers = new Set<{ ms: number; work: () => void; nextMs: number }>();
  const clock: Clock = {
    now: () => nowMs,
    every: (ms, work) => {
      const timer = { ms: Math.max(1, ms), work, nextMs: nowMs + Math.max(1, ms) };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  return {
    clock,
    /** How many timers wait. */
    get waiting() {
      return timers.size;
    },
    /** Lets every timer run when it is due, in order, and lets go of the process after each. */
    async advance(ms: number): Promise<void> {
      const endMs = nowMs + ms;
      for (;;) {
        const due = [...timers].sort((a, b) => a.nextMs - b.nextMs)[0];
        if (!due || due.nextMs > endMs) break;
        nowMs = Math.max(nowMs, due.nextMs);
        due.nextMs += due.ms;
        due.work();
        await Promise.resolve();
      }
      nowMs = endMs;
    },
    /** Passes that time at once, as for a machine that slept: timers find out afterwards. */
    jump(ms: number): void {
      nowMs += ms;
    },
  };
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
