import type { LogLine } from './lambda/function.ts';

const RECENT_LOG_LINES = 500;
/** A line in memory; the terminal has printed it whole. */
const MAX_LINE_LENGTH = 8_192;

/** What the console shows of the past, bounded: the last log lines, and a count per job. */
export function createRecentPast() {
  const lines: LogLine[] = [];
  const counts = new Map<string, number>();
  return {
    logLines: () => [...lines],
    publishes: () => Object.fromEntries(counts),
    addLogLine(line: LogLine): void {
      lines.push({ ...line, text: line.text.slice(0, MAX_LINE_LENGTH) });
      if (lines.length > RECENT_LOG_LINES) lines.shift();
    },
    countPublish(jobs: readonly { name: string }[], jobName: string | undefined): void {
      const key = jobs.some(({ name }) => name === jobName) ? (jobName ?? '') : '';
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  };
}
