import cliProgress from 'cli-progress';

/** A bar on standard error while a command is at work; nothing where that is no terminal. */
export interface ProgressBar {
  /** @param done of the `total`; ignored where the total is unknown */
  update(done: number, counts: { published: number; failed: number }): void;
  stop(): void;
}

/** @param total undefined where it is unknown: then the bar only counts */
export function startProgressBar(total: number | undefined): ProgressBar {
  const counts = '{published} published, {failed} failed';
  const bar = new cliProgress.SingleBar({
    format: total === undefined ? `publishing: ${counts}` : `publishing |{bar}| {percentage}% | ${counts}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total ?? 0, 0, { published: 0, failed: 0 });
  return {
    update: (done, counts) => bar.update(total === undefined ? 0 : done, counts),
    stop: () => bar.stop(),
  };
}
