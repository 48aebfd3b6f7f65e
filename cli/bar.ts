import cliProgress from 'cli-progress';

/** A progress bar while a command works; it shows nothing where its stream is not a terminal. */
export interface Bar extends Disposable {
  /** @param done how much of the total is done; the total grows when this exceeds it */
  update(done: number, fields: Fields): void;
}

/** The values for the names in braces in the format. */
type Fields = Readonly<Record<string, string | number>>;

/**
 * Starts a bar. It hides the cursor and turns line wrapping off, so it restores the terminal however the process ends, such as
 * by a second Ctrl-C.
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
