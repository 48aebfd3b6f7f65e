import { delayedJobOf } from '../../src/publisher/delay/onceSchedule.ts';
import type { End } from '../outcome.ts';
import type { TargetOptions } from '../target.ts';
import { counted, instantText, lengthOfTime, oneLine, table } from '../text.ts';
import { type Firing, type PlatformTime, platformTime } from './platformTime.ts';
import { publishOf, type Schedule, schedulesIn } from './schedule.ts';
import { type Session, withSchedules } from './session.ts';

interface ListOptions extends TargetOptions {
  readonly next: number;
  readonly limit: number;
  readonly json?: boolean;
}

export async function list(options: ListOptions): Promise<void> {
  await withSchedules('list', options, (session) => listSchedules(session, options));
}

async function listSchedules(session: Session, { next, limit, json }: ListOptions): Promise<End> {
  const { target, platform, scheduler } = session;
  const [time, ofFiles, once] = await Promise.all([
    platformTime(target, scheduler),
    schedulesIn(session, platform.recurringGroup, maxRecurring),
    schedulesIn(session, platform.onceGroup, limit),
  ]);
  const schedules = ofFiles.schedules.map((schedule) => recurring(schedule, time, next));
  const jobs = delayed(once.schedules, time);
  if (json) console.log(JSON.stringify([...schedules, ...jobs], undefined, 2));
  else print(session, schedules, jobs, once.hasMore);
  return 'done';
}

/** More than a stack can hold. */
const maxRecurring = 10_000;

function print(
  { target }: Session,
  schedules: readonly Listed[],
  jobs: readonly Listed[],
  hasMore: boolean,
): void {
  const { name: where, speed } = target;
  const shown = { now: Date.now(), speed };
  if (schedules.length > 0) console.log(`${recurringText(schedules, shown)}\n`);
  if (jobs.length > 0) console.log(`${delayedText(jobs, shown)}\n`);
  console.log(summaryText(schedules.length, jobs.length, { where, hasMore, speed }));
}

/** A schedule as `list` shows it. */
interface Listed {
  readonly type: 'recurring' | 'delayed';
  readonly name: string;
  /** null for one that publishes no job: somebody made it by hand. */
  readonly jobName: string | null;
  /** Of a delayed job only. */
  readonly jobId?: string;
  readonly expression: string;
  readonly timezone: string;
  readonly state: 'enabled' | 'paused';
  /** By how many minutes a firing may be late on purpose; 0 without a flexible window. */
  readonly flexibleMinutes: number;
  readonly nextFirings: readonly Firing[];
}

function recurring(schedule: Schedule, time: PlatformTime, count: number): Listed {
  return {
    type: 'recurring',
    name: schedule.Name ?? '',
    jobName: publishOf(schedule)?.jobName ?? null,
    ...timing(schedule),
    nextFirings: time.firings(schedule, count),
  };
}

/** The delayed jobs among these schedules, sorted by their time. Schedules that publish no job are left out. */
function delayed(schedules: readonly Schedule[], time: PlatformTime): Listed[] {
  const atMs = ({ nextFirings: [next] }: Listed): number => next?.at.getTime() ?? 0;
  return schedules
    .flatMap((schedule): Listed[] => {
      const job = delayedJobOf(schedule);
      if (job === undefined) return [];
      const { jobName, jobId } = job;
      const nextFirings = time.firings(schedule, 1);
      const name = schedule.Name ?? '';
      return [{ type: 'delayed', name, jobName, jobId, ...timing(schedule), nextFirings }];
    })
    .sort((one, other) => atMs(one) - atMs(other));
}

function timing(schedule: Schedule) {
  const { ScheduleExpression = '', ScheduleExpressionTimezone = 'UTC', State, FlexibleTimeWindow } = schedule;
  return {
    expression: ScheduleExpression,
    timezone: ScheduleExpressionTimezone,
    state: State === 'DISABLED' ? ('paused' as const) : ('enabled' as const),
    flexibleMinutes: FlexibleTimeWindow?.MaximumWindowInMinutes ?? 0,
  };
}

interface Shown {
  readonly now: number;
  /** The time zone of local times; the machine's by default. */
  readonly zone?: string | undefined;
  /** How many times shorter the platform's waits are than AWS's. */
  readonly speed?: number | undefined;
}

/** Lists recurring schedules, each with its next firings below it. */
export function recurringText(schedules: readonly Listed[], shown: Shown): string {
  return schedules.map((schedule) => blockText(schedule, shown)).join('\n\n');
}

/** Lists delayed jobs, one a line. */
export function delayedText(jobs: readonly Listed[], shown: Shown): string {
  const local = isUtc(shown) ? 'UTC' : 'local time';
  const first = isFast(shown) ? `due (${realTime(shown)})` : local;
  const headings = isUtc(shown) ? [first, 'in'] : [first, 'UTC', 'in'];
  const paused = headings.map((_, index) => (index === 0 ? 'paused' : ''));
  const rows = jobs.map(({ jobName, jobId = '', nextFirings: [next], state }) => [
    oneLine(jobId, 80),
    oneLine(jobName ?? '', 64),
    ...(state === 'paused' || next === undefined ? paused : firingCells(next, shown)),
  ]);
  return table(['delayed job', 'of', ...headings], rows);
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
  const lines = firings.map((firing, index) => {
    const cells = firingCells(firing, shown);
    const times = [...cells.slice(0, -1), `in ${cells.at(-1)}`].join('   ');
    const said = isFast(shown) ? `   ${instantText(firing.scheduledAt)} on the platform's clock` : '';
    return line(index === 0 && !isFast(shown) ? 'next' : '', `${times}${said}`);
  });
  return isFast(shown) ? [line('due', `(${realTime(shown)})`), ...lines] : lines;
}

/**
 * When it fires in real time: in local time (left out where that is UTC), in UTC, and from now. Only on a platform whose time
 * is sped up does real time differ from what the expression says.
 */
function firingCells({ at }: Firing, shown: Shown): string[] {
  const here = isUtc(shown) ? [] : [localText(at, shown.zone)];
  return [...here, instantText(at), lengthOfTime((at.getTime() - shown.now) / 1_000)];
}

function isUtc({ zone }: Shown): boolean {
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
  return timeZone === 'UTC' || timeZone === 'Etc/UTC';
}

function isFast({ speed = 1 }: Pick<Shown, 'speed'>): boolean {
  return speed !== 1;
}

function realTime({ speed }: Shown): string {
  return `real time, speed ${speed}`;
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
  const fast = isFast({ speed })
    ? `, which runs ${speed} times as fast: due times are real times, cron expressions follow its own clock`
    : '';
  return `${counted(recurring, 'recurring schedule')} and ${counted(delayed, 'delayed job')}${more} on ${where}${fast}`;
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(5)} ${text}`;
}
