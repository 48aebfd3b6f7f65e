import { ScheduleExpressionError } from '../../../src/schedule/errors.ts';
import { parseSchedule } from '../../../src/schedule/expression.ts';
import { nextFirings } from '../../../src/schedule/firings.ts';
import { invalid } from './errors.ts';
import type { Schedule } from './schedule.ts';

/** When a schedule fires. Epoch ms. */
export interface Expression {
  /** False for `at(…)`, which comes once. */
  readonly recurs: boolean;
  /**
   * The next times after another, ascending; fewer than `count` where it ends.
   * @param createdMs where a rate without a StartDate begins to count
   */
  next(afterMs: number, count: number, createdMs: number): number[];
}

type Timing = Pick<Schedule, 'ScheduleExpression' | 'ScheduleExpressionTimezone' | 'StartDate' | 'EndDate'>;

/** Throws EngineError (ValidationException) with the field at fault. */
export function parseExpression(schedule: Timing): Expression {
  const { ScheduleExpression: expression, ScheduleExpressionTimezone: timezone } = schedule;
  const { StartDate: start, EndDate: end } = schedule;
  return {
    recurs: typeOf(expression, timezone) !== 'at',
    next: (afterMs, count, createdMs) => {
      const rule = { expression, timezone, start, end, created: new Date(createdMs) };
      return nextFirings(rule, new Date(afterMs), count).map((firing) => firing.getTime());
    },
  };
}

function typeOf(expression: string, timezone: string) {
  try {
    return parseSchedule(expression, timezone).type;
  } catch (error) {
    if (!(error instanceof ScheduleExpressionError)) throw error;
    throw invalid(`Invalid Schedule Expression ${expression}. ${error.message}`);
  }
}
