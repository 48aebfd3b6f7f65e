import { type ParsedSchedule, parseSchedule } from './expression.ts';
import { instantOf, wallTimeOf } from './timeZone.ts';

/** What decides when a schedule fires. */
export interface FiringRule {
  /** `rate(…)`, `cron(…)` or `at(…)`. */
  readonly expression: string;
  /** The IANA time zone of `cron` and `at`. Default UTC. */
  readonly timezone?: string | undefined;
  /** The schedule does not fire before this time, and a rate counts from it. An `at` ignores it, as in Scheduler. */
  readonly start?: Date | undefined;
  /** The schedule does not fire after this time. An `at` ignores it, as in Scheduler. */
  readonly end?: Date | undefined;
  /** When the schedule was made. A rate without `start` fires then, and counts from then. Default `after`. */
  readonly created?: Date | undefined;
}

/**
 * The next `count` times at which a schedule fires, later than `after` and in ascending order. There are fewer where the
 * schedule ends. When clocks go forward, a time that they skip does not fire; when they go back, a time that they show
 * twice fires once, the first time (User Guide, "Daylight savings time").
 * @throws {ScheduleExpressionError} when the expression or its time zone is wrong
 */
export function nextFirings(rule: FiringRule, after: Date, count: number): Date[] {
  const firings = firingsOf(parseSchedule(rule.expression, rule.timezone), rule, after);
  return firings.take(count).toArray();
}

/** All times, in ascending order. They go on without end where the schedule does. */
function* firingsOf(parsed: ParsedSchedule, rule: FiringRule, after: Date): Generator<Date, undefined> {
  if (parsed.type === 'at') {
    if (parsed.at > after) yield parsed.at;
    return;
  }
  const { start, end = lastDate, created = after } = rule;
  const instants =
    parsed.type === 'rate'
      ? rateInstants(parsed.everyMs, (start ?? created).getTime(), after.getTime())
      : cronInstants(parsed, Math.max(after.getTime(), (start ?? after).getTime() - 1));
  for (const instant of instants) {
    if (instant > end.getTime()) return;
    yield new Date(instant);
  }
}

function* rateInstants(everyMs: number, first: number, after: number): Generator<number> {
  const passed = after < first ? 0 : Math.floor((after - first) / everyMs) + 1;
  for (let count = passed; ; count += 1) yield first + count * everyMs;
}

/**
 * The calendar has local times. A time that clocks skip is no instant, and one
 * that they show twice may be past already.
 */
function* cronInstants(
  { calendar, timezone }: Extract<ParsedSchedule, { type: 'cron' }>,
  after: number,
): Generator<number> {
  let wallTime = calendar.next(wallTimeOf(after, timezone));
  for (; wallTime !== undefined; wallTime = calendar.next(wallTime)) {
    const instant = instantOf(wallTime, timezone);
    if (instant !== undefined && instant > after) yield instant;
  }
}

/** The last date of JavaScript. */
const lastDate = new Date(8.64e15);
