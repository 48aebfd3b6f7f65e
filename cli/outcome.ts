/** How a command ended. */
export type End = 'done' | 'failed' | 'interrupted';

export const exitCodes = {
  done: 0,
  /** Something failed, or there was nothing to do. */
  failed: 1,
  /** The command has a mistake, and nothing was tried. */
  usage: 2,
  /** Interrupted by Ctrl-C; shells use the same number. */
  interrupted: 130,
} as const;

/**
 * A command that cannot be carried out as it was given: nothing was sent or changed. The message is one line that says what
 * is wrong and what to do. It is printed without a stack, and the process exits with 2.
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** A failure in the middle of a command's work. The message is one line, and the process exits with 1. */
export class StopError extends Error {
  override readonly name = 'StopError';
}

/** Listens for Ctrl-C and termination while a command works. */
interface Interrupt extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
}

/** The first Ctrl-C aborts the signal and prints what happens next; a second Ctrl-C ends the process at once. */
export function onInterrupt(whatHappens: string): Interrupt {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
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
