import { type CronCalendar, parseCron } from './cron.ts';
import { ScheduleExpressionError } from './errors.ts';
import { instantOf, timeZoneProblem } from './timeZone.ts';

/** A schedule expression that has been read. */
export type ParsedSchedule =
  | { readonly type: 'rate'; readonly everyMs: number }
  | { readonly type: 'cron'; readonly calendar: CronCalendar; readonly timezone: string }
  | { readonly type: 'at'; readonly at: Date };

/**
 * Reads `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)` or `at(2026-11-20T13:00:00)` as EventBridge Scheduler does (User
 * Guide, "Schedule types"). It refuses forms that the documentation leaves open, such as names in lower case.
 * @param timezone the IANA time zone of `cron` and `at`. A rate needs none
 * @throws {ScheduleExpressionError} with the field that is wrong, what is allowed there and what to do
 */
export function parseSchedule(expression: string, timezone: string = 'UTC'): ParsedSchedule {
  const problem = timeZoneProblem(timezone);
  if (problem !== undefined) {
    const bound = 'an IANA time zone';
    throw new ScheduleExpressionError(expression, {
      field: 'timezone',
      given: timezone,
      bound,
      advice: problem,
    });
  }
  const [, type, inner = ''] = /^(rate|cron|at)\((.*)\)$/s.exec(expression) ?? [];
  if (type === 'rate') return { type, everyMs: parseRate(expression, inner) };
  if (type === 'cron') return { type, calendar: parseCron(expression, inner), timezone };
  if (type === 'at') return { type, at: parseAt(expression, inner, timezone) };
  throw new ScheduleExpressionError(expression, {
    field: 'expression',
    given: expression,
    bound: 'rate(…), cron(…) or at(…)',
    advice: 'write rate(5 minutes), cron(0 9 ? * MON-FRI *) or at(2026-11-20T13:00:00)',
  });
}

/**
 * Reads a rate, in milliseconds. With 1, both `1 minute` and `1 minutes` are right: the API reference lists both, and the
 * User Guide has `rate(1 days)`. Any other number needs the plural. A day has 24 hours even when clocks change.
 */
function parseRate(expression: string, given: string): number {
  const [, amount, unit = '', plural] = /^(\d+) (minute|hour|day)(s?)$/.exec(given) ?? [];
  const count = Number(amount ?? 0);
  if (count >= 1 && (count === 1 || plural === 's')) return count * (unitMs[unit] ?? 0);
  throw new ScheduleExpressionError(expression, {
    field: 'rate',
    given,
    bound: 'a whole number from 1, a space, and minutes, hours or days (minute, hour or day after 1)',
    advice:
      unit === ''
        ? 'write such as rate(5 minutes)'
        : `write rate(${Math.max(count, 1)} ${unit}${count > 1 ? 's' : ''})`,
  });
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function parseAt(expression: string, given: string, timezone: string): Date {
  const wallTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(given) ? Date.parse(`${given}Z`) : Number.NaN;
  const isDate = !Number.isNaN(wallTime) && new Date(wallTime).toISOString().startsWith(given);
  const instant = isDate ? instantOf(wallTime, timezone) : undefined;
  if (instant !== undefined) return new Date(instant);
  throw new ScheduleExpressionError(expression, {
    field: 'at',
    given,
    bound: `yyyy-mm-ddThh:mm:ss, a time that clocks in ${timezone} show`,
    advice: isDate
      ? 'choose another time: clocks go forward over this one'
      : 'write such as at(2026-11-20T13:00:00), without fractions and without a Z',
  });
}
