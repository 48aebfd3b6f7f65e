/** Time, so that tests of throttles and leases need not wait. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back after so many milliseconds. Gives what stops that. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Does something again and again, each time so long after the last was done. Gives what stops that. */
export function repeat(ms: number, work: () => Promise<void>, clock: Clock): () => void {
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
