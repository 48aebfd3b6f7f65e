import cliProgress from 'cli-progress';

/** A bar while a command is at work; nothing where its stream is no terminal. */
export interface Bar extends Disposable {
  /** @param done of the total, which grows where there is more than was thought */
  update(done: number, fields: Fields): void;
}

/** What stands in the format in braces. */
type Fields = Readonly<Record<string, string | number>>;

/**
 * A bar hides the cursor and does not wrap lines: whatever ends the process, such as a second Ctrl-C, the terminal is given
 * back as it was.
 */
export function startBar(
  format: string,
  total: number,
  fields: Fields,
  stream: NodeJS.WritableStream = process.stderr,
): Bar {
  const bar = new cliProgress.SingleBar({ format, stream, hideCursor: true, clearOnComplete: true });
  const stop = (): void => {
    process.removeListener('exit', stop);
    bar.stop();
  };
  process.once('exit', stop);
  bar.start(total, 0, fields);
  return {
    update(done, fields) {
      if (done > bar.getTotal()) bar.setTotal(done);
      bar.update(done, fields);
    },
    [Symbol.dispose]: stop,
  };
}
