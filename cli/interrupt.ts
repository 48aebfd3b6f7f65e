/** Ctrl-C and termination while a command is at work. */
export interface Interrupt extends Disposable {
  /** Aborted by the first one. */
  readonly signal: AbortSignal;
}

/** The exit code of a command that was interrupted, as shells have it. */
export const interruptedExitCode = 130;

/** The first Ctrl-C aborts the signal and says what happens then; a second one ends the process at once. */
export function onInterrupt(whatHappens: string): Interrupt {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(interruptedExitCode);
    console.error(`\n${whatHappens}. Ctrl-C again stops at once`);
    controller.abort();
  };
  for (const name of signals) process.on(name, interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.removeListener(name, interrupt);
    },
  };
}

const signals = ['SIGINT', 'SIGTERM'] as const;
