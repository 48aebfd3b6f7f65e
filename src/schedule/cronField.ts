import type { ScheduleFault, ScheduleField } from './errors.ts';

/** What a field of a cron expression takes. */
export interface FieldRule {
  readonly field: ScheduleField;
  readonly min: number;
  readonly max: number;
  /** Stand for the numbers from `min` on. */
  readonly names?: readonly string[];
  /** Whether `/` is allowed: AWS's table has it for every field but the day of the week. */
  readonly isSteppable: boolean;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** AWS's table (EventBridge Scheduler User Guide, "Cron-based schedules"). Its weeks start with 1, a Sunday. */
export const fieldRules = {
  minutes: { field: 'minutes', min: 0, max: 59, isSteppable: true },
  hours: { field: 'hours', min: 0, max: 23, isSteppable: true },
  dayOfMonth: { field: 'day-of-month', min: 1, max: 31, isSteppable: true },
  month: { field: 'month', min: 1, max: 12, names: months, isSteppable: true },
  dayOfWeek: { field: 'day-of-week', min: 1, max: 7, names: weekdays, isSteppable: false },
  year: { field: 'year', min: 1970, max: 2199, isSteppable: true },
} as const satisfies Record<string, FieldRule>;

/**
 * The values that a field stands for, ascending: `*`, or a list of values, ranges and steps (`1-5`, `0/15`, `8-18/2`).
 * Gives what is wrong with it instead. A range does not go round (`FRI-MON`): AWS documents no such range.
 */
export function fieldValues(text: string, rule: FieldRule): readonly number[] | ScheduleFault {
  const lists = text.split(',').map((item) => itemValues(item, rule, text.includes(',')));
  const fault = lists.find((list) => typeof list === 'string');
  if (typeof fault === 'string') return faultOf(text, rule, fault);
  return [...new Set((lists as number[][]).flat())].sort((one, other) => one - other);
}

export function faultOf(text: string, rule: FieldRule, advice: string): ScheduleFault {
  return { field: rule.field, given: text, bound: boundOf(rule), advice };
}

/** A value as a number or by its name; undefined when it is neither, or out of bounds. */
export function numberOf(text: string, { min, max, names = [] }: FieldRule): number | undefined {
  if (names.includes(text)) return min + names.indexOf(text);
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

/** The values of one item of a list, or what to do about it. */
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

/** With a step a single value is a start: `5/10` goes on to the field's end. */
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
