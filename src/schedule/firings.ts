import { type ParsedSchedule, parseSchedule } from './expression.ts';
import { instantOf, wallTimeOf } from './timeZone.ts';

/** When a schedule fires, as EventBridge Scheduler takes it. */
export interface FiringRule {
  /** `rate(…)`, `cron(…)` or `at(…)`. */
  readonly expression: string;
  /** The IANA time zone of `cron` and `at`. Default UTC. */
  readonly timezone?: string | undefined;
  /** It does not fire before; a rate counts from here. An `at` ignores it, as Scheduler does. */
  readonly start?: Date | undefined;
  /** It does not fire after. An `at` ignores it, too. */
  readonly end?: Date | undefined;
  /** When the schedule was made: a rate without `start` fires at once then, and counts from here. Default `after`. */
  readonly created?: Date | undefined;
}

/**
 * The next times at which a schedule fires, strictly after `after` and ascending; fewer than `count` where it ends,
 * none where it never fires again. Where clocks go forward, a time that they skip does not fire; where they go back, a
 * time that they show twice fires once, the first time (User Guide, "Daylight savings time").
 * @throws {ScheduleExpressionError}
 */
export function nextFirings(rule: FiringRule, after: Date, count: number): Date[] {
  const firings = firingsOf(parseSchedule(rule.expression, rule.timezone), rule, after);
  return firings.take(count).toArray();
}

/** In ascending order; without an end if the schedule has none. */
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

/** The calendar knows local times only: each is an instant at most, and never one that is past. */
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

/** JavaScript's last. */
const lastDate = new Date(8.64e15);
