import { Cron } from 'croner';
import { ScheduleExpressionError, type ScheduleFault, type ScheduleField } from './errors.ts';

/** The times of a cron expression, as clocks show them, in any time zone. */
export interface CronCalendar {
  /** The first time after another, both in milliseconds as if they were UTC. Undefined after the last time. */
  next(wallTime: number): number | undefined;
}

/**
 * Reads the six fields of `cron(minutes hours day-of-month month day-of-week year)`. The year is required here: the User
 * Guide calls it optional, but the API reference does not.
 * @throws {ScheduleExpressionError} when a field is wrong, or no date fits (`cron(0 0 31 2 ? *)`)
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

/** The fields as the package croner reads them: seconds first, weekdays from 0, and every range written out as a list. */
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

/** `L`, `LW` (the last weekday, Monday to Friday) and `15W` (the nearest weekday in the same month) stand alone. */
function dayOfMonthOf(text: string): string | ScheduleFault {
  const rule = fieldRules.dayOfMonth;
  if (text === '?') return '*';
  if (text === 'L' || text === 'LW') return text;
  const [, day] = /^(\d+)W$/.exec(text) ?? [];
  if (day !== undefined && numberOf(day, rule) !== undefined) return text;
  if (/[LW]/.test(text)) return faultOf(text, rule, 'write L, LW or a day and W, such as 15W, alone');
  return daysOf(text, rule, (value) => value);
}

/**
 * `L` is the last day of the week, a Saturday; `6L` is the month's last Friday;
 * `6#3` its third Friday. They stand alone.
 */
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

/** The days as a list, or `*` for all days: given lists in both fields of days, croner fires when either fits. */
function daysOf(text: string, rule: FieldRule, valueIn: (value: number) => number): string | ScheduleFault {
  const values = fieldValues(text, rule);
  if (isFault(values)) return values;
  return values.length > rule.max - rule.min ? '*' : values.map(valueIn).join(',');
}

function isFault(values: readonly number[] | ScheduleFault): values is ScheduleFault {
  return !Array.isArray(values);
}

/** The values that a field of a cron expression allows. */
interface FieldRule {
  readonly field: ScheduleField;
  readonly min: number;
  readonly max: number;
  /** Names for the numbers from `min` on. */
  readonly names?: readonly string[];
  /** Whether `/` is allowed: AWS's table has it for every field but the day of the week. */
  readonly isSteppable: boolean;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** AWS's table (EventBridge Scheduler User Guide, "Cron-based schedules"). Its weeks start with 1, a Sunday. */
const fieldRules = {
  minutes: { field: 'minutes', min: 0, max: 59, isSteppable: true },
  hours: { field: 'hours', min: 0, max: 23, isSteppable: true },
  dayOfMonth: { field: 'day-of-month', min: 1, max: 31, isSteppable: true },
  month: { field: 'month', min: 1, max: 12, names: months, isSteppable: true },
  dayOfWeek: { field: 'day-of-week', min: 1, max: 7, names: weekdays, isSteppable: false },
  year: { field: 'year', min: 1970, max: 2199, isSteppable: true },
} as const satisfies Record<string, FieldRule>;

const beforeTheFirstYear = Date.UTC(fieldRules.year.min, 0, 1) - 1000;

/**
 * The values of a field in ascending order, or what is wrong with the field. A field is `*`, or a list of values,
 * ranges and steps (`1-5`, `0/15`, `8-18/2`). A range must not wrap around (`FRI-MON`), because AWS documents no such
 * range.
 */
function fieldValues(text: string, rule: FieldRule): readonly number[] | ScheduleFault {
  const lists = text.split(',').map((item) => itemValues(item, rule, text.includes(',')));
  const fault = lists.find((list) => typeof list === 'string');
  if (typeof fault === 'string') return faultOf(text, rule, fault);
  return [...new Set((lists as number[][]).flat())].sort((one, other) => one - other);
}

function faultOf(text: string, rule: FieldRule, advice: string): ScheduleFault {
  return { field: rule.field, given: text, bound: boundOf(rule), advice };
}

/** The number of a value, which is a number or a name. Undefined for any other text, and out of bounds. */
function numberOf(text: string, { min, max, names = [] }: FieldRule): number | undefined {
  if (names.includes(text)) return min + names.indexOf(text);
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

/** The values of one item of a list, or advice on what to write. */
function itemValues(item: string, rule: FieldRule, isInList: boolean): number[] | string {
  const [range = '', step, ...more] = item.split('/');
  if (more.length > 0) return `write one / in '${item}'`;
  if (step !== undefined && !rule.isSteppable) return 'list the days, such as MON,WED,FRI';
  if (range === '*' && isInList) return 'write * alone, without a list';
  const every = step === undefined ? 1 : stepOf(step, rule);
  if (every === undefined) return `choose a step from 1 to ${longestStep(rule)}`;
  const bounds = rangeOf(range, rule, step !== undefined);
  if (typeof bounds === 'string') return bounds;
  const count = Math.floor((bounds.last - bounds.first) / every) + 1;
  return Array.from({ length: count }, (_, index) => bounds.first + index * every);
}

/** The bounds of a range. With a step, a single value is the start: `5/10` goes on to the field's end. */
function rangeOf(text: string, rule: FieldRule, hasStep: boolean): { first: number; last: number } | string {
  if (text === '*') return { first: rule.min, last: rule.max };
  const [from = '', to, ...more] = text.split('-');
  const first = numberOf(from, rule);
  const last = to === undefined ? (hasStep ? rule.max : first) : numberOf(to, rule);
  if (first === undefined || last === undefined || more.length > 0) return correction(text, rule);
  return first <= last ? { first, last } : `write the lower one first, or list both parts, for '${text}'`;
}

function correction(text: string, rule: FieldRule): string {
  if (/[a-z]/.test(text) && rule.names !== undefined) return `write names in capitals: ${text.toUpperCase()}`;
  return `correct '${text}'`;
}

function stepOf(text: string, rule: FieldRule): number | undefined {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return step >= 1 && step <= longestStep(rule) ? step : undefined;
}

function longestStep({ min, max }: FieldRule): number {
  return Math.max(max - min, 1);
}

function boundOf({ field, min, max, names, isSteppable }: FieldRule): string {
  const named = names === undefined ? '' : ` or ${names[0]} to ${names.at(-1)}`;
  const wildcards = { 'day-of-month': ' ? L LW W', 'day-of-week': ' ? L #' }[field as string] ?? '';
  return `${min} to ${max}${named}, with , - *${isSteppable ? ' /' : ''}${wildcards}`;
}
