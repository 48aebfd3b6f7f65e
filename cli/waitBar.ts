import cliProgress from 'cli-progress';
import type { JobStatus } from '../src/status/jobStatus.ts';
import { oneLine } from './oneLine.ts';

/** A bar while somebody waits for a job: its state, and how far it is. Nothing where the stream is no terminal. */
export interface WaitBar {
  update(status: Pick<JobStatus, 'state' | 'progress'>): void;
  stop(): void;
}

export function startWaitBar(stream: NodeJS.WritableStream): WaitBar {
  const bar = new cliProgress.SingleBar({
    format: '{state} |{bar}| {percentage}% {text}',
    stream,
    hideCursor: true,
    clearOnComplete: true,
  });
  // Until anything is known of it.
  bar.start(1, 0, { state: 'waiting', text: '' });
  return {
    update({ state, progress: { fraction, text = '' } = { fraction: 0 } }) {
      bar.update(fraction, { state, text: oneLine(text, 60) });
    },
    stop: () => bar.stop(),
  };
}
