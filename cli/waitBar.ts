import type { JobStatus } from '../src/job/jobStatus.ts';
import { oneLine } from './oneLine.ts';
import { startTerminalBar } from './terminalBar.ts';

/** A bar while somebody waits for a job: its state, and how far it is. Nothing where the stream is no terminal. */
export interface WaitBar {
  update(status: Pick<JobStatus, 'state' | 'progress'>): void;
  stop(): void;
}

export function startWaitBar(stream: NodeJS.WritableStream): WaitBar {
  // Until anything is known of it.
  const unknown = { state: 'waiting', text: '' };
  const bar = startTerminalBar('{state} |{bar}| {percentage}% {text}', 1, unknown, stream);
  return {
    update({ state, progress: { fraction, text = '' } = { fraction: 0 } }) {
      bar.update(fraction, { state, text: oneLine(text, 60) });
    },
    stop: () => bar.stop(),
  };
}
