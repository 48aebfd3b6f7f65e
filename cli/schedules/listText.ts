import { counted, lengthOfTime, oneLine, table } from '../dlq/words.ts';
import type { Listed } from './listed.ts';
import type { Firing } from './platformTime.ts';

export interface Shown {
  readonly now: number;
  /** The zone of the person who looks; the machine's by default. */
  readonly zone?: string | undefined;
}

/** Recurring schedules, each with its next firings below it. */
export function recurringText(schedules: readonly Listed[], shown: Shown): string {
  return schedules.map((schedule) => blockText(schedule, shown)).join('\n\n');
}

/** Delayed jobs, a line each. */
export function delayedText(jobs: readonly Listed[], shown: Shown): string {
  const rows = jobs.map(({ jobName, jobId = '', nextFirings: [next], state }) => [
    oneLine(jobId, 80),
    oneLine(jobName ?? '', 64),
    ...(state === 'paused' || next === undefined ? ['paused', '', ''] : firingCells(next, shown)),
  ]);
  return table(['delayed job', 'of', 'local time', 'UTC', 'in'], rows);
}

function blockText(schedule: Listed, shown: Shown): string {
  const { name, jobName, expression, timezone, state, flexibleMinutes, nextFirings } = schedule;
  const zone = expression.startsWith('rate(') ? '' : ` in ${timezone}`;
  const window = flexibleMinutes === 0 ? '' : `, up to ${lengthOfTime(flexibleMinutes * 60)} later`;
  return [
    `${name} (${state})`,
    line('job', oneLine(jobName ?? 'none: somebody made it by hand', 100)),
    line('when', `${expression}${zone}${window}`),
    ...nextLines(nextFirings, state, shown),
  ].join('\n');
}

function nextLines(firings: readonly Firing[], state: Listed['state'], shown: Shown): string[] {
  if (state === 'paused') return [];
  if (firings.length === 0) return [line('next', 'never again')];
  return firings.map((firing, index) => {
    const [local, utc, wait] = firingCells(firing, shown);
    return line(index === 0 ? 'next' : '', `${local}   ${utc}   in ${wait}`);
  });
}

/** Local time and UTC as the expression says them; how long that is in real time. */
function firingCells({ scheduledAt, at }: Firing, { now, zone }: Shown): string[] {
  return [
    localText(scheduledAt, zone),
    scheduledAt.toISOString().replace('.000Z', 'Z'),
    lengthOfTime((at.getTime() - now) / 1_000),
  ];
}

/** `2026-12-24 18:00:00 GMT+1` */
function localText(date: Date, timeZone: string | undefined): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone });
  const name = new Intl.DateTimeFormat('en', { timeZoneName: 'short', timeZone })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName')?.value;
  return `${parts.format(date)} ${name}`;
}

/** `2 recurring schedules and 1 delayed job on the local platform` */
export function summaryText(
  recurring: number,
  delayed: number,
  { where, hasMore, speed }: { where: string; hasMore: boolean; speed: number | undefined },
): string {
  const more = hasMore ? ' (more are there: --limit shows them)' : '';
  const fast =
    speed === undefined || speed === 1 ? '' : `, which runs ${speed} times as fast: "in" is real time`;
  return `${counted(recurring, 'recurring schedule')} and ${counted(delayed, 'delayed job')}${more} on ${where}${fast}`;
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(5)} ${text}`;
}
