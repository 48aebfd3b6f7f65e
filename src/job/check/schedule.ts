import { ScheduleExpressionError } from '../../schedule/errors.ts';
import { parseSchedule } from '../../schedule/expression.ts';
import { nextFirings } from '../../schedule/firings.ts';
import { isInstant } from '../../schedule/timeZone.ts';
import { countBounds, scheduleOptions } from '../options.ts';
import { scheduleDefaults } from '../schedule.ts';
import { secondsOf, shown } from './given.ts';
import type { JobProblem } from './problems.ts';
import { isWithin, rowProblems, unknownOption } from './rows.ts';

/**
 * What is wrong with the option `schedule`. `schedulePayloadProblems` checks the
 * payloads, because schemas may be asynchronous.
 */
export function scheduleProblems(
  { schedule }: Readonly<Record<string, unknown>>,
  now: Date = new Date(),
): JobProblem[] {
  if (schedule === undefined) return [];
  const { min, max } = countBounds.schedules;
  if (Array.isArray(schedule) && (schedule.length < min || schedule.length > max)) {
    const given = `${schedule.length} schedules`;
    const advice =
      schedule.length < min ? 'remove the option' : 'merge some, or move some into a job of their own';
    return [{ option: 'schedule', given, bound: `${min} to ${max} of them`, advice }];
  }
  const schedules = givenSchedules(schedule);
  return [...schedules.flatMap((one) => detailProblems(one, now)), ...sameNameProblems(schedules)];
}

/** A schedule as the job file has it, and the name of its option in messages. */
export interface GivenSchedule {
  readonly option: string;
  /** The name of its expression's option. */
  readonly expressionOption: string;
  readonly name: unknown;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The schedules as they were given, right or wrong. Empty for a job without the option. */
export function givenSchedules(schedule: unknown): GivenSchedule[] {
  if (schedule === undefined) return [];
  const schedules: unknown[] = Array.isArray(schedule) ? schedule : [schedule];
  return schedules.map((one, index) => {
    const option = Array.isArray(schedule) ? `schedule[${index}]` : 'schedule';
    const isDetailed = typeof one === 'object' && one !== null;
    const details = isDetailed ? (one as Record<string, unknown>) : { expression: one };
    const expressionOption = isDetailed ? `${option}.expression` : option;
    return { option, expressionOption, name: details.name ?? String(index + 1), details };
  });
}

function detailProblems(schedule: GivenSchedule, now: Date): JobProblem[] {
  const { option, details } = schedule;
  return [
    ...unknownKeyProblems(option, details),
    ...nameProblems(option, schedule.name),
    ...rowProblems(`${option}.enabled`, details.enabled, scheduleOptions.enabled),
    ...flexibleWindowProblems(option, details.flexibleWindow),
    ...timeProblems(schedule, now),
  ];
}

const knownKeys = [
  'expression',
  'name',
  'timezone',
  'payload',
  'enabled',
  'start',
  'end',
  'flexibleWindow',
] as const;

function unknownKeyProblems(option: string, details: Readonly<Record<string, unknown>>): JobProblem[] {
  return Object.keys(details)
    .filter((key) => !(knownKeys as readonly string[]).includes(key))
    .map((key) => unknownOption(`${option}.${key}`, details[key], knownKeys));
}

function nameProblems(option: string, name: unknown): JobProblem[] {
  const { min, max } = countBounds.scheduleName;
  if (typeof name === 'string' && /^[A-Za-z0-9_-]+$/.test(name) && name.length <= max) return [];
  const bound = `${min} to ${max} letters, digits, - and _`;
  return [{ option: `${option}.name`, given: shown(name), bound, advice: "choose one such as 'nightly'" }];
}

function sameNameProblems(schedules: readonly GivenSchedule[]): JobProblem[] {
  return schedules
    .filter(({ name }, index) => schedules.findIndex((other) => other.name === name) < index)
    .map(({ option, name }) => ({
      option: `${option}.name`,
      given: `${shown(name)}, which another schedule of the job has`,
      bound: 'a name of its own; without one it is its number, from 1',
      advice: 'rename one of them',
    }));
}

function flexibleWindowProblems(option: string, given: unknown): JobProblem[] {
  if (given === undefined) return [];
  const { min, max, limitOf } = scheduleOptions.flexibleWindow;
  if (isWithin(given, { min, max }) && (secondsOf(given) as number) % 60 === 0) return [];
  return [
    {
      option: `${option}.flexibleWindow`,
      given: shown(given),
      bound: `whole minutes from ${min} to ${max} (${limitOf})`,
      advice: "write a number and its unit, such as '15m'",
    },
  ];
}

/** Checks whether a schedule ever fires only when its expression, time zone, start and end are right, each by itself. */
function timeProblems(schedule: GivenSchedule, now: Date): JobProblem[] {
  const { option, details } = schedule;
  const { start, end } = details;
  const problems = [
    ...expressionProblems(schedule),
    ...instantProblems(`${option}.start`, start),
    ...instantProblems(`${option}.end`, end),
  ];
  if (problems.length > 0) return problems;
  const startDate = start === undefined ? undefined : new Date(start as string);
  const endDate = end === undefined ? undefined : new Date(end as string);
  if (startDate !== undefined && endDate !== undefined && startDate >= endDate) {
    const bound = `later than its start, ${shown(start)}`;
    return [{ option: `${option}.end`, given: shown(end), bound, advice: 'choose a later end' }];
  }
  const { expression, timezone } = details as { expression: string; timezone?: string };
  const rule = { expression, timezone, start: startDate, end: endDate };
  if (nextFirings(rule, now, 1).length > 0) return [];
  return [
    {
      option: schedule.expressionOption,
      given: `${shown(expression)}${end === undefined ? '' : ` with end ${shown(end)}`}, which never fires again`,
      bound: 'a schedule that fires once more at least',
      advice: 'correct the year or the end, or remove the schedule',
    },
  ];
}

function expressionProblems({ option, expressionOption, details }: GivenSchedule): JobProblem[] {
  const { expression, timezone = scheduleDefaults.timezone } = details;
  if (typeof timezone !== 'string') {
    const advice = "write one such as 'Europe/Berlin'";
    return [{ option: `${option}.timezone`, given: shown(timezone), bound: 'an IANA time zone', advice }];
  }
  if (typeof expression !== 'string' || expression.startsWith('at(')) {
    const advice = 'write one; a job that is to run once is published with a delay instead';
    const bound = "'rate(5 minutes)' or 'cron(0 9 ? * MON-FRI *)'";
    return [{ option: expressionOption, given: shown(expression), bound, advice }];
  }
  try {
    parseSchedule(expression, timezone);
    return [];
  } catch (error) {
    if (!(error instanceof ScheduleExpressionError)) throw error;
    const { field, given, bound, advice } = error;
    if (field === 'timezone') return [{ option: `${option}.timezone`, given: shown(given), bound, advice }];
    const where = given === expression ? '' : `, where the ${field} is ${shown(given)}`;
    return [{ option: expressionOption, given: `${shown(expression)}${where}`, bound, advice }];
  }
}

function instantProblems(option: string, given: unknown): JobProblem[] {
  if (given === undefined || (typeof given === 'string' && isInstant(given))) return [];
  const bound = 'an ISO instant with Z or an offset';
  return [{ option, given: shown(given), bound, advice: "write one such as '2026-12-01T08:00:00Z'" }];
}
