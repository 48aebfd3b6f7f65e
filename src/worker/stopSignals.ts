type StopSignal = 'SIGTERM' | 'SIGINT';

/** SIGTERM and SIGINT, as this process hears them from now on until it ends. */
export interface StopSignals {
  readonly first: Promise<StopSignal>;
  readonly isHeard: boolean;
  /** Resolves to the exit code that shells give a process which such a signal ended: 143 or 130. */
  readonly second: Promise<number>;
}

export function startStopSignals(): StopSignals {
  const first = Promise.withResolvers<StopSignal>();
  const second = Promise.withResolvers<number>();
  let firstAtMs: number | undefined;

  function hear(signal: StopSignal): void {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now();
      first.resolve(signal);
    } else if (performance.now() - firstAtMs > oneSignalMs) {
      second.resolve(exitCodes[signal]);
    }
  }

  process.on('SIGTERM', hear);
  process.on('SIGINT', hear);
  return {
    first: first.promise,
    get isHeard() {
      return firstAtMs !== undefined;
    },
    second: second.promise,
  };
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** A key pressed in a terminal comes twice under npm: from the terminal, and passed on by npm. */
const oneSignalMs = 200;
