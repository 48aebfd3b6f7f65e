/** What a command came to. */
export type End = 'done' | 'failed' | 'interrupted';

export const exitCodes = {
  done: 0,
  /** Something was tried and failed. */
  failed: 1,
  /** Nothing was tried. */
  usage: 2,
  /** By Ctrl-C, as shells have it. */
  interrupted: 130,
} as const;

/**
 * A command that cannot be carried out as it was given: nothing was sent or changed. The message is one line, what is
 * wrong and what to do; it is printed without a stack, and the command exits with 2.
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What stops a command in the middle of its work: the message is one line, and the command exits with 1. */
export class StopError extends Error {
  override readonly name = 'StopError';
}

/** Ctrl-C and termination while a command is at work. */
interface Interrupt extends Disposable {
  /** Aborted by the first one. */
  readonly signal: AbortSignal;
}

/** The first Ctrl-C aborts the signal and says what happens then; a second one ends the process at once. */
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
