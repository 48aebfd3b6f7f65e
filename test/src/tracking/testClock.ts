import type { TimerClock } from '../../../src/tracking/throttle.ts';

/** Time that goes on when it is told to. */
export class TestClock implements TimerClock {
  #nowMs: number;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(startsAt = '2026-01-01T12:00:00.000Z') {
    this.#nowMs = Date.parse(startsAt);
  }

  now = (): number => this.#nowMs;

  after = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.#nowMs + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Calls back whatever is due meanwhile, in its order; lets what follows from that happen at once, but no I/O. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    for (;;) {
      await new Promise(setImmediate);
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.at);
      next.callback();
    }
    this.#nowMs = end;
  }

  /** How many are waiting. */
  get timers(): number {
    return this.#timers.length;
  }

  iso(offsetMs = 0): string {
    return new Date(this.#nowMs + offsetMs).toISOString();
  }
}
