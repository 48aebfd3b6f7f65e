import { Cron } from 'croner';
import { type FieldRule, faultOf, fieldRules, fieldValues, numberOf } from './cronField.ts';
import { ScheduleExpressionError, type ScheduleFault } from './errors.ts';

/** The calendar of a cron expression: local dates and times, in no zone yet. */
export interface CronCalendar {
  /** The first one after another, both in milliseconds as if they were UTC; undefined after the last. */
  next(wallTime: number): number | undefined;
}

/**
 * Reads the six fields of `cron(minutes hours day-of-month month day-of-week year)`. The User Guide calls the year
 * optional, the API reference does not: it is required here.
 * @throws {ScheduleExpressionError} with the field, or when no date fits (`cron(0 0 31 2 ? *)`)
 */
export function parseCron(expression: string, fields: string): CronCalendar {
  const pattern = patternOf(fields);
  if (typeof pattern !== 'string') throw new ScheduleExpressionError(expression, pattern);
  const cron = new Cron(pattern, { mode: '7-part', utcOffset: 0, paused: true });
  const next = (wallTime: number) => cron.nextRun(new Date(wallTime))?.getTime();
  if (next(beforeTheFirstYear) === undefined) {
    throw new ScheduleExpressionError(expression, {
      field: 'expression',
      given: fields,
      bound: 'a date that exists in one of its years',
      advice: 'correct the day-of-month, the month or the year; L is the last day of a month',
    });
  }
  return { next };
}

const beforeTheFirstYear = Date.UTC(fieldRules.year.min, 0, 1) - 1000;

/** In the dialect of croner, with every list written out: seconds first, and weekdays from 0. */
function patternOf(fields: string): string | ScheduleFault {
  const texts = fields.split(/\s+/);
  const [minutes = '', hours = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = texts;
  if (texts.length !== 6) return fieldCountFault(fields, texts.length);
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) return questionMarkFault(`${dayOfMonth} … ${dayOfWeek}`);
  const parts = [
    listOf(minutes, fieldRules.minutes),
    listOf(hours, fieldRules.hours),
    dayOfMonthOf(dayOfMonth),
    listOf(month, fieldRules.month),
    dayOfWeekOf(dayOfWeek),
    listOf(year, fieldRules.year),
  ];
  return parts.find((part) => typeof part !== 'string') ?? `0 ${parts.join(' ')}`;
}

function fieldCountFault(given: string, count: number): ScheduleFault {
  const advice =
    count === 5
      ? 'add the year: write a * at the end, and ? for the day that does not matter'
      : 'separate them by one space, such as cron(0 9 ? * MON-FRI *)';
  const bound = '6 fields: minutes hours day-of-month month day-of-week year';
  return { field: 'expression', given, bound, advice };
}

function questionMarkFault(given: string): ScheduleFault {
  const bound = 'a ? in one of day-of-month and day-of-week, not in both';
  return { field: 'day-of-week', given, bound, advice: 'write ? for the day that does not matter' };
}

function listOf(text: string, rule: FieldRule): string | ScheduleFault {
  const values = fieldValues(text, rule);
  return isFault(values) ? values : values.join(',');
}

/** `L`, `LW` (the last weekday, Monday to Friday) and `15W` (the weekday nearest, in the same month) stand alone. */
function dayOfMonthOf(text: string): string | ScheduleFault {
  const rule = fieldRules.dayOfMonth;
  if (text === '?') return '*';
  if (text === 'L' || text === 'LW') return text;
  const [, day] = /^(\d+)W$/.exec(text) ?? [];
  if (day !== undefined && numberOf(day, rule) !== undefined) return text;
  if (/[LW]/.test(text)) return faultOf(text, rule, 'write L, LW or a day and W, such as 15W, alone');
  return daysOf(text, rule, (value) => value);
}

/** `L` is the week's last day, a Saturday; `6L` the month's last Friday; `6#3` its third. They stand alone. */
function dayOfWeekOf(text: string): string | ScheduleFault {
  const rule = fieldRules.dayOfWeek;
  if (text === '?') return '*';
  if (text === 'L') return '6';
  const [, day = '', which] = /^(\w+?)(L|#[1-5])$/.exec(text) ?? [];
  const value = numberOf(day, rule);
  if (value !== undefined) return `${value - 1}#${which === 'L' ? 'L' : which?.slice(1)}`;
  if (/[L#]/.test(text))
    return faultOf(text, rule, 'write a day and L, or # and 1 to 5, such as 6L or 6#3, alone');
  return daysOf(text, rule, (weekday) => weekday - 1);
}

/** All days are a `*`: croner takes a list in both fields as either of them. */
function daysOf(text: string, rule: FieldRule, valueIn: (value: number) => number): string | ScheduleFault {
  const values = fieldValues(text, rule);
  if (isFault(values)) return values;
  return values.length > rule.max - rule.min ? '*' : values.map(valueIn).join(',');
}

function isFault(values: readonly number[] | ScheduleFault): values is ScheduleFault {
  return !Array.isArray(values);
}
