import { GetScheduleGroupCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { nextFirings } from '../../src/schedule/firings.ts';
import type { Target } from '../target.ts';
import type { Schedule } from './schedule.ts';

/** A time at which a schedule fires. */
export interface Firing {
  /** The time that its expression says. */
  readonly scheduledAt: Date;
  /** That moment in real time, which is sooner when the local platform's time is sped up. */
  readonly at: Date;
}

/** When schedules fire on a platform. */
export interface PlatformTime {
  /** The next firings: fewer when the schedule ends, none when it is paused. */
  firings(schedule: Schedule, count: number): Firing[];
}

/**
 * When schedules fire, also on a local platform whose time runs `speed` times as fast. Its recurring schedules share a clock
 * that began with the platform: its default schedule group was created then. A one-off schedule for the time T, made or
 * changed at M, fires (T − M) ÷ speed after M.
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
