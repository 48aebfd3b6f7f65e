import { createLogUpdate } from 'log-update';
import type { Tracked } from './tracker.ts';

/** Shows the messages' states as they change: redrawn in place on a terminal, else a line for each change. */
export interface View {
  /** @param note one more line to show */
  update(messages: readonly Tracked[], note?: string): void;
  /** Ends the view: clears what was redrawn in place, since the conclusion follows. */
  settle(): void;
}

/** The view shows the time since this call. */
export function startView(stream: NodeJS.WriteStream): View {
  const startedAtMs = performance.now();
  const elapsedMs = () => performance.now() - startedAtMs;
  return stream.isTTY ? liveView(stream, elapsedMs) : lineView(stream, elapsedMs);
}

/** A table of the messages' fates, with a mark for each that was expected. */
export function fateTable(messages: readonly Tracked[]): string {
  const rows = messages.map((message) => [
    message.fate === message.expected ? '✓' : '✗',
    message.jobName,
    JSON.stringify(message.payload),
    message.comes ?? 'now',
    message.fate ?? `${message.state} (not ended)`,
    String(message.attempts || '–'),
    message.reason ?? '',
  ]);
  return table(['', 'job', 'payload', 'comes', 'fate', 'runs', 'reason'], rows);
}

function liveView(stream: NodeJS.WriteStream, elapsedMs: () => number): View {
  const log = createLogUpdate(stream, { showCursor: true });
  return {
    update: (messages, note = '') => log(progressText(messages, note, elapsedMs())),
    settle: () => log.clear(),
  };
}

function lineView(stream: NodeJS.WriteStream, elapsedMs: () => number): View {
  const shown = new Map<string, string>();
  const show = (subject: string, text: string) => {
    if (shown.get(subject) === text) return;
    shown.set(subject, text);
    stream.write(`${seconds(elapsedMs())}  ${text}\n`);
  };
  return {
    update(messages, note) {
      for (const message of messages) {
        const { jobId, jobName, payload } = message;
        show(jobId, `${jobName} ${JSON.stringify(payload)}: ${stateText(message)}`);
      }
      if (note !== undefined) show('', note);
    },
    settle: () => undefined,
  };
}

function progressText(messages: readonly Tracked[], note: string, elapsedMs: number): string {
  const spinner = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'[Math.floor(elapsedMs / 100) % 10] as string;
  const rows = messages.map((message) => [
    message.fate === undefined ? spinner : message.fate === message.expected ? '✓' : '✗',
    message.jobName,
    JSON.stringify(message.payload),
    message.comes ?? 'now',
    stateText(message),
  ]);
  return `${table(['', 'job', 'payload', 'comes', 'state'], rows)}\n${note}   ${seconds(elapsedMs)}`;
}

function stateText({ state, attempts, reason }: Tracked): string {
  const runs = attempts === 0 ? '' : attempts === 1 ? ' after 1 run' : ` after ${attempts} runs`;
  return `${state}${runs}${reason ? ` (${reason})` : ''}`;
}

function seconds(elapsedMs: number): string {
  return `${(elapsedMs / 1000).toFixed(1).padStart(5)} s`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
