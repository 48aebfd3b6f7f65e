import cliProgress from 'cli-progress';

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
  const bar = new cliProgress.SingleBar({
    format: `${what} |{bar}| {value} of about {total}{text}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0, { text: '' });
  return {
    update(done, text) {
      if (done > bar.getTotal()) bar.setTotal(done);
      bar.update(done, { text });
    },
    [Symbol.dispose]: () => bar.stop(),
  };
}
