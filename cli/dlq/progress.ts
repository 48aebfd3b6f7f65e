import { startTerminalBar } from '../terminalBar.ts';

/** A bar on standard error while dead letters are looked through; nothing where that is no terminal. */
export interface Progress extends Disposable {
  update(done: number, text: string): void;
}

/**
 * @param total about how many there are; SQS counts approximately
 * @param printsLines the command prints what it does: on one terminal a bar and lines would spoil each other
 */
export function startProgress(what: string, total: number, printsLines = false): Progress {
  if (printsLines && process.stdout.isTTY)
    return { update: () => undefined, [Symbol.dispose]: () => undefined };
  const bar = startTerminalBar(`${what} |{bar}| {value} of about {total}{text}`, total, { text: '' });
  return {
    update: (done, text) => bar.update(done, { text }),
    [Symbol.dispose]: () => bar.stop(),
  };
}
