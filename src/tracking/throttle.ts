/**
 * Writes values, one at a time and at most one in each interval: the first at once, and later the newest. A value is
 * dropped when a newer one comes before its turn.
 */
export class Throttle<Value> {
  readonly #write: (value: Value) => Promise<unknown>;
  readonly #intervalMs: number;
  readonly #clock: TimerClock;
  #newest: { readonly value: Value } | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  #isWriting = false;
  #isClosed = false;
  #stopWaiting: (() => void) | undefined;

  /** @param write must not reject */
  constructor(
    write: (value: Value) => Promise<unknown>,
    intervalMs: number,
    clock: TimerClock = systemTimerClock,
  ) {
    this.#write = write;
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  push(value: Value): void {
    if (this.#isClosed) return;
    this.#newest = { value };
    this.#proceed();
  }

  /** Writes no more. Gives the newest value that was not written. */
  close(): Value | undefined {
    this.#isClosed = true;
    this.#stopWaiting?.();
    const newest = this.#newest?.value;
    this.#newest = undefined;
    return newest;
  }

  #proceed(): void {
    if (this.#newest === undefined || this.#isWriting || this.#stopWaiting !== undefined) return;
    const waitMs = this.#nextAt - this.#clock.now();
    if (waitMs <= 0) {
      this.#hand(this.#newest.value);
      return;
    }
    this.#stopWaiting = this.#clock.after(waitMs, () => {
      this.#stopWaiting = undefined;
      this.#proceed();
    });
  }

  #hand(value: Value): void {
    this.#newest = undefined;
    this.#isWriting = true;
    this.#nextAt = this.#clock.now() + this.#intervalMs;
    void this.#write(value).then(() => {
      this.#isWriting = false;
      this.#proceed();
    });
  }
}

/** Time. A test replaces it, so that it need not wait. */
export interface TimerClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back after so many milliseconds. Gives a function that stops that. */
  after(ms: number, callback: () => void): () => void;
}

export const systemTimerClock: TimerClock = {
  now: Date.now,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Does something again and again, each time so many milliseconds after the last has
 * ended. Gives a function that stops that.
 */
export function repeat(ms: number, work: () => Promise<void>, clock: TimerClock): () => void {
  let isStopped = false;
  let stopWaiting = (): void => {};
  const wait = (): void => {
    if (!isStopped) stopWaiting = clock.after(ms, () => void work().then(wait));
  };
  wait();
  return () => {
    isStopped = true;
    stopWaiting();
  };
}
