import { createLogUpdate } from 'log-update';
import type { Tracked, Tracker } from './tracker.ts';

/** Shows the messages' way while it happens: redrawn in place on a terminal, a line for each change elsewhere. */
export interface View {
  update(tracker: Tracker, elapsedMs: number): void;
  /** Leaves the last state on the screen. */
  end(): void;
}

export function startView(stream: NodeJS.WriteStream): View {
  return stream.isTTY ? liveView(stream) : lineView(stream);
}

/** The messages' fates, and whether each is the expected one. */
export function fateTable(tracker: Tracker): string {
  const rows = tracker.messages.map((message) => [
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

function liveView(stream: NodeJS.WriteStream): View {
  const log = createLogUpdate(stream, { showCursor: true });
  return {
    update: (tracker, elapsedMs) => log(progressText(tracker, elapsedMs)),
    end: () => log.done(),
  };
}

function lineView(stream: NodeJS.WriteStream): View {
  const shown = new Map<string, string>();
  return {
    update(tracker, elapsedMs) {
      for (const message of tracker.messages) {
        const state = stateText(message);
        if (shown.get(message.jobId) === state) continue;
        shown.set(message.jobId, state);
        stream.write(
          `${seconds(elapsedMs)}  ${message.jobName} ${JSON.stringify(message.payload)}: ${state}\n`,
        );
      }
    },
    end: () => undefined,
  };
}

function progressText(tracker: Tracker, elapsedMs: number): string {
  const spinner = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'[Math.floor(elapsedMs / 100) % 10] as string;
  const rows = tracker.messages.map((message) => [
    message.fate === undefined ? spinner : message.fate === message.expected ? '✓' : '✗',
    message.jobName,
    JSON.stringify(message.payload),
    message.comes ?? 'now',
    stateText(message),
  ]);
  const mail = tracker.alarmMail();
  const alarm = mail
    ? `✓ the alarm e-mail has come: ${mail.subject}`
    : `${spinner} waiting for the alarm e-mail`;
  return `${table(['', 'job', 'payload', 'comes', 'state'], rows)}\n${alarm}   ${seconds(elapsedMs)}`;
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
