import { GetScheduleGroupCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { nextFirings } from '../../src/schedule/firings.ts';
import type { Target } from '../target.ts';
import type { Schedule } from './schedule.ts';

/** A time at which a schedule fires. */
export interface Firing {
  /** What its expression says. */
  readonly scheduledAt: Date;
  /** When that is in real time: sooner, where the local platform's time is sped up. */
  readonly at: Date;
}

/** When schedules fire on a platform. */
export interface PlatformTime {
  /** The next ones, fewer where the schedule ends; none of one that is paused. */
  firings(schedule: Schedule, count: number): Firing[];
}

/**
 * The local platform's recurring schedules share a time that runs `speed` times as fast since it started, which is when
 * its default schedule group was made; what happens once comes (T − then) ÷ speed after it was said.
 */
export async function platformTime(
  { speed = 1 }: Pick<Target, 'speed'>,
  scheduler: SchedulerClient,
  now: () => number = Date.now,
): Promise<PlatformTime> {
  const startedAtMs = speed === 1 ? 0 : await defaultGroupMadeAtMs(scheduler);
  return {
    firings(schedule, count) {
      if (schedule.State === 'DISABLED') return [];
      const { ScheduleExpression: expression = '', CreationDate, LastModificationDate } = schedule;
      const isOnce = expression.startsWith('at(');
      const time = fastTime(isOnce ? (LastModificationDate?.getTime() ?? now()) : startedAtMs, speed);
      const created = CreationDate && new Date(wholeSeconds(time.fromReal(CreationDate.getTime())));
      const { ScheduleExpressionTimezone: timezone, StartDate: start, EndDate: end } = schedule;
      const after = new Date(time.fromReal(now()));
      return nextFirings({ expression, timezone, start, end, created }, after, count).map((scheduledAt) => ({
        scheduledAt,
        at: new Date(time.toReal(scheduledAt.getTime())),
      }));
    },
  };
}

function fastTime(sameMs: number, speed: number) {
  return {
    fromReal: (ms: number) => (speed === 1 ? ms : sameMs + (ms - sameMs) * speed),
    toReal: (ms: number) => (speed === 1 ? ms : sameMs + (ms - sameMs) / speed),
  };
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

async function defaultGroupMadeAtMs(scheduler: SchedulerClient): Promise<number> {
  const { CreationDate } = await scheduler.send(new GetScheduleGroupCommand({ Name: 'default' }));
  return CreationDate?.getTime() ?? Date.now();
}
