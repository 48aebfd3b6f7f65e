import type { JobStatus } from '../../src/job/jobStatus.ts';
import { lengthOfTime, oneLine, table } from '../text.ts';
import { progressText, reasonText } from './statusText.ts';

/** Jobs as a table, with what each has to say at the end of its line. */
export function listText(jobs: readonly JobStatus[], nowMs: number): string {
  const stateWidth = Math.max(...jobs.map(({ state }) => state.length));
  const rows = jobs.map(({ jobId, state, attempt, maxAttempts, createdAt }) => [
    oneLine(jobId, 80),
    state.padEnd(stateWidth),
    attempt === undefined ? '-' : `${attempt}${maxAttempts === undefined ? '' : ` of ${maxAttempts}`}`,
    `${lengthOfTime((nowMs - Date.parse(createdAt)) / 1_000)} ago`,
  ]);
  const [headings = '', ...lines] = table(
    ['job', 'state'.padEnd(stateWidth), 'attempt', 'scheduled'],
    rows,
  ).split('\n');
  return [
    headings,
    ...lines.map((line, index) => `${line}  ${detailOf(jobs[index] as JobStatus)}`.trimEnd()),
  ].join('\n');
}

function detailOf({ state, progress, reason, isCancelRequested }: JobStatus): string {
  if (isCancelRequested) return 'asked to stop';
  if (reason !== undefined) return reasonText(reason, 80);
  return progress === undefined || state !== 'running' ? '' : oneLine(progressText(progress), 80);
}
