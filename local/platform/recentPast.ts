import type { AcceptedPublish } from '../aws/engine/engine.ts';
import type { LogLine } from '../aws/lambda/function.ts';

/** How many of the newest log lines are in memory. */
export const KEPT_LINES = 500;
/** A line in memory that is longer is cut: the terminal has printed it whole. */
export const MAX_LINE_CHARACTERS = 8_192;

export type RecentPast = ReturnType<typeof createRecentPast>;

type Published = Pick<AcceptedPublish, 'attributeCount' | 'messageAttributes'>;

/** For what has no attribute at all and matches no filter of SNS's: no job has such a name. */
export const withoutAttributes = '(without attributes)';

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
    countPublish(jobs: readonly { name: string }[], { attributeCount, messageAttributes }: Published): void {
      const jobName = messageAttributes.jobName?.StringValue;
      const unrouted = attributeCount === 0 ? withoutAttributes : '';
      const key = jobs.some(({ name }) => name === jobName) ? (jobName ?? '') : unrouted;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  };
}
