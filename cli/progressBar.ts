import { startTerminalBar } from './terminalBar.ts';

/** A bar on standard error while a command is at work; nothing where that is no terminal. */
export interface ProgressBar {
  /** @param done of the `total`; ignored where the total is unknown */
  update(done: number, counts: { readonly published: number; readonly failed: number }): void;
  stop(): void;
}

/** @param total undefined where it is unknown: then the bar only counts */
export function startProgressBar(total: number | undefined): ProgressBar {
  const counts = '{published} published, {failed} failed';
  const format =
    total === undefined ? `publishing: ${counts}` : `publishing |{bar}| {percentage}% | ${counts}`;
  const bar = startTerminalBar(format, total ?? 0, { published: 0, failed: 0 });
  return {
    update: (done, { published, failed }) =>
      bar.update(total === undefined ? 0 : done, { published, failed }),
    stop: () => bar.stop(),
  };
}
