import type { AnyJob } from './defineJob.ts';
import { type OptionsOf, scheduleOptions } from './options.ts';

/** When a job recurs: an expression alone, or an object with the expression and details. */
export type Schedule<Payload = unknown> = ScheduleExpression | ScheduleDetails<Payload>;

/**
 * A schedule expression of EventBridge Scheduler: `rate(5 minutes)`, or `cron(0 9 ? * MON-FRI *)`, whose fields are
 * minutes, hours, day of month, month, day of week and year.
 */
export type ScheduleExpression = `rate(${string})` | `cron(${string})`;

/** A schedule with its details, such as `{ expression: 'cron(0 9 ? * MON-FRI *)', timezone: 'Europe/Berlin' }`. */
export interface ScheduleDetails<Payload = unknown> extends OptionsOf<typeof scheduleOptions> {
  readonly expression: ScheduleExpression;
  /**
   * The schedule's name, unlike those of the job's other schedules: 1 to 20 letters,
   * digits, `-` and `_`. Default its number, from 1.
   */
  readonly name?: string;
  /**
   * The IANA time zone of a cron expression, such as `Europe/Berlin`. Default `UTC`. When clocks go forward, a time
   * that they skip does not fire that day; when they go back, a time that they show twice fires once.
   */
  readonly timezone?: string;
  /**
   * The payload that is published. Scheduler replaces the text `<aws.scheduler.scheduled-time>`
   * in it by the time for which it fires. Default `{}`.
   */
  readonly payload?: Payload;
  /**
   * The schedule does not fire before this time, and a rate counts from it: an ISO text with `Z` or an offset, such as
   * `2026-12-01T08:00:00Z`. By default a rate fires as soon as it is deployed.
   */
  readonly start?: string;
  /** The schedule does not fire after this time: written as `start` is. Default none. */
  readonly end?: string;
}

/** The defaults of a schedule. */
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

/** A job's schedules in the order of its file. Empty for a job that does not recur. */
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
