import type { LogLine } from './lambda/function.ts';

/** How many of the newest log lines are in memory. */
export const KEPT_LINES = 500;
/** A line in memory that is longer is cut: the terminal has printed it whole. */
export const MAX_LINE_CHARACTERS = 8_192;

export type RecentPast = ReturnType<typeof createRecentPast>;

/** What the console shows of the past, bounded: the last log lines, and a count per job. */
export function createRecentPast() {
  const lines: LogLine[] = [];
  const counts = new Map<string, number>();
  return {
    logLines: () => [...lines],
    publishes: () => Object.fromEntries(counts),
    addLogLine(line: LogLine): void {
      lines.push({ ...line, text: line.text.slice(0, MAX_LINE_CHARACTERS) });
      if (lines.length > KEPT_LINES) lines.shift();
    },
    countPublish(jobs: readonly { name: string }[], jobName: string | undefined): void {
      const key = jobs.some(({ name }) => name === jobName) ? (jobName ?? '') : '';
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  };
}
