import { delayedJobOf } from '../../src/publisher/delay/onceSchedule.ts';
import type { Schedule } from './group.ts';
import type { Firing, PlatformTime } from './platformTime.ts';
import { publishOf } from './publishOf.ts';

/** A schedule as `list` shows it. */
export interface Listed {
  readonly type: 'recurring' | 'delayed';
  readonly name: string;
  /** null for one that publishes no job: somebody made it by hand. */
  readonly jobName: string | null;
  /** Of a delayed job. */
  readonly jobId?: string;
  readonly expression: string;
  readonly timezone: string;
  readonly state: 'enabled' | 'paused';
  /** How much later than that it may fire, in minutes; 0 where it is to the minute. */
  readonly flexibleMinutes: number;
  readonly nextFirings: readonly Firing[];
}

export function recurring(schedule: Schedule, time: PlatformTime, count: number): Listed {
  return {
    type: 'recurring',
    name: schedule.Name ?? '',
    jobName: publishOf(schedule)?.jobName ?? null,
    ...timing(schedule),
    nextFirings: time.firings(schedule, count),
  };
}

/** The next ones first; what is not a delayed job's is left out. */
export function delayed(schedules: readonly Schedule[], time: PlatformTime): Listed[] {
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
