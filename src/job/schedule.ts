import type { AnyJob } from './defineJob.ts';
import { type OptionsOf, scheduleOptions } from './options.ts';

/** When a job recurs: an expression, or one with its details. */
export type Schedule<Payload = unknown> = ScheduleExpression | ScheduleDetails<Payload>;

/**
 * EventBridge Scheduler's: `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)` (minutes hours day-of-month month day-of-week
 * year).
 */
export type ScheduleExpression = `rate(${string})` | `cron(${string})`;

export interface ScheduleDetails<Payload = unknown> extends OptionsOf<typeof scheduleOptions> {
  readonly expression: ScheduleExpression;
  /** Tells one schedule of a job from another: letters, digits, `-` and `_`, at most 20. Default its number, from 1. */
  readonly name?: string;
  /**
   * An IANA time zone, such as `Europe/Berlin`, in which a cron expression is meant. Default UTC. A time that clocks skip
   * does not fire that day, one that they show twice fires once.
   */
  readonly timezone?: string;
  /**
   * What is published. Default `{}`. Scheduler fills in its own `<aws.scheduler.scheduled-time>` wherever that stands in
   * it.
   */
  readonly payload?: Payload;
  /** An ISO instant before which it does not fire; a rate counts from there. None by default: a rate fires at once. */
  readonly start?: string;
  /** An ISO instant after which it does not fire. None by default. */
  readonly end?: string;
}

/** What a schedule gets where it says nothing. */
export const scheduleDefaults = {
  timezone: 'UTC',
  payload: {},
  enabled: scheduleOptions.enabled.default,
} as const;

/** One schedule of a job, with the defaults filled in. */
export interface JobSchedule extends ScheduleDetails {
  readonly name: string;
  readonly timezone: string;
  readonly payload: unknown;
  readonly enabled: boolean;
}

/** A job's schedules, in the order of its file; empty for a job that does not recur. */
export function jobSchedules({ schedule }: Pick<AnyJob, 'schedule'>): JobSchedule[] {
  const schedules = (schedule === undefined ? [] : [schedule].flat()) as Schedule[];
  return schedules.map((one, index) => {
    const details = typeof one === 'string' ? { expression: one } : one;
    const name = details.name ?? String(index + 1);
    const { timezone, payload, enabled } = scheduleDefaults;
    return {
      ...details,
      name,
      timezone: details.timezone ?? timezone,
      payload: details.payload ?? payload,
      enabled: details.enabled ?? enabled,
    };
  });
}
