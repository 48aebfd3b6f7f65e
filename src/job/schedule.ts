import type { Duration } from './duration.ts';

/** When a job recurs: an expression, or one with its details. */
export type Schedule<Payload = unknown> = ScheduleExpression | ScheduleDetails<Payload>;

/** EventBridge Scheduler's: `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)` (minutes hours day-of-month month day-of-week year). */
export type ScheduleExpression = `rate(${string})` | `cron(${string})`;

export interface ScheduleDetails<Payload = unknown> {
  readonly expression: ScheduleExpression;
  /** Tells one schedule of a job from another: letters, digits, `-` and `_`, at most 20. Default its number, from 1. */
  readonly name?: string;
  /** An IANA time zone, such as `Europe/Berlin`, in which a cron expression is meant. Default UTC. */
  readonly timezone?: string;
  /** What is published. Default `{}`. */
  readonly payload?: Payload;
  /** Default true. */
  readonly enabled?: boolean;
  /** An ISO instant before which it does not fire. None by default. */
  readonly start?: string;
  /** An ISO instant after which it does not fire. None by default. */
  readonly end?: string;
  /** It may fire that much later, so that not everything fires at once: 1 min to 24 h. None by default. */
  readonly flexibleWindow?: Duration;
}
