import { nearestName } from '../../nearestName.ts';
import { type Duration, durationSeconds } from '../duration.ts';
import { type DurationRow, jobOptions, type NumberRow, type OptionRow } from '../options.ts';
import { retryDelayProblem } from '../retryDelay.ts';
import { secondsOf, shown } from './given.ts';
import type { JobProblem } from './problems.ts';

type Options = Readonly<Record<string, unknown>>;

/** What is wrong with a job's durations and numbers, each by itself. */
export function measureProblems(options: Options): JobProblem[] {
  const isFargate = options.compute !== undefined && options.compute !== 'lambda';
  return rowsOf(['duration', 'retryDelay', 'number']).flatMap(([option, row]) =>
    rowProblems(
      option,
      options[option],
      isFargate && 'onFargate' in row ? { ...row, ...row.onFargate } : row,
    ),
  );
}

/** What is wrong with a job's choices and switches. */
export function choiceProblems(options: Options): JobProblem[] {
  return rowsOf(['choice', 'switch']).flatMap(([option, row]) => rowProblems(option, options[option], row));
}

/** The options of the event source mapping and the function that were given to a job on Fargate, which has neither. */
export function lambdaOptionProblems(options: Options): JobProblem[] {
  return Object.entries<OptionRow>(jobOptions).flatMap(([option, row]) => {
    if (options[option] === undefined || !('insteadOnFargate' in row) || !row.insteadOnFargate) return [];
    const bound = "an option of Lambda, which compute: 'fargate' does not use";
    return [{ option, given: shown(options[option]), bound, advice: row.insteadOnFargate }];
  });
}

/**
 * What is wrong with the value of an option, by the option's row. Empty when the value was not given.
 * @param option the option's whole name, such as `compute.min`
 */
export function rowProblems(option: string, given: unknown, row: OptionRow): JobProblem[] {
  if (given === undefined) return [];
  const fault = faultOf(given, row);
  return fault === undefined ? [] : [{ option, given: shown(given), ...fault }];
}

/**
 * The problem of an option with an unknown name. It suggests the name that was most likely meant, or lists all names.
 * @param option the option's whole name, such as `compute.cpus`
 */
export function unknownOption(option: string, given: unknown, known: readonly string[]): JobProblem {
  const name = option.slice(option.lastIndexOf('.') + 1);
  const nearest = nearestName(name, known);
  const problem = { option, given: shown(given) };
  if (nearest === undefined) {
    return { ...problem, bound: `one of ${known.join(', ')}`, advice: 'remove it, or check its spelling' };
  }
  return {
    ...problem,
    bound: "an option's name",
    advice: `did you mean ${nearest}? Write that, or remove it`,
  };
}

type Fault = Pick<JobProblem, 'bound' | 'advice'>;

function faultOf(given: unknown, row: OptionRow): Fault | undefined {
  switch (row.kind) {
    case 'duration':
      return durationFault(given, row);
    case 'retryDelay':
      return retryDelayFault(given, row);
    case 'number':
      return numberFault(given, row);
    case 'choice': {
      const values = row.values.map((value) => `'${value}'`);
      const isOne = row.values.includes(given as string);
      return isOne ? undefined : { bound: values.join(' or '), advice: 'choose one of them' };
    }
    case 'switch':
      return typeof given === 'boolean'
        ? undefined
        : { bound: 'true or false', advice: 'choose one of them' };
  }
}

/** Whether a value is a duration within the bounds. It need not be a whole number of seconds. */
export function isWithin(value: unknown, { min, max }: { min: Duration; max: Duration }): boolean {
  const seconds = secondsOf(value) ?? Number.NaN;
  return seconds >= durationSeconds(min) && seconds <= durationSeconds(max);
}

/** AWS takes all these durations in whole seconds. */
function durationFault(given: unknown, row: DurationRow): Fault | undefined {
  const seconds = secondsOf(given);
  if (isWithin(given, row)) {
    if (Number.isInteger(seconds)) return undefined;
    return { bound: 'whole seconds', advice: `round it, such as '${Math.ceil(seconds as number)}s'` };
  }
  const advice =
    seconds === undefined
      ? "write a number and its unit, such as '30s' or '15m'"
      : `choose a duration from '${row.min}' to '${row.max}'`;
  return { bound: boundOf(row), advice };
}

function retryDelayFault(given: unknown, row: DurationRow): Fault | undefined {
  const problem = retryDelayProblem(
    given,
    (duration) => isWithin(duration, row) && Number.isInteger(secondsOf(duration)),
  );
  if (problem === undefined) return undefined;
  return {
    bound: `whole seconds from ${boundOf(row)}; at fault: ${problem}`,
    advice: "write '30s', ['10s', '1m', '10m'] or { initial: '10s', factor: 2, max: '1h', jitter: 0.5 }",
  };
}

function numberFault(given: unknown, row: NumberRow): Fault | undefined {
  if (Number.isInteger(given) && (given as number) >= row.min && (given as number) <= row.max) {
    return undefined;
  }
  const unit = row.unit === 'bytes' ? ' of bytes, such as 10 * 1024 * 1024' : '';
  const advice = `choose a whole number${unit === '' ? ` from ${row.min} to ${row.max}` : unit}`;
  return { bound: boundOf(row), advice: numberAdvice(given, advice) };
}

/** What to do about a value that had to be a number. */
export function numberAdvice(value: unknown, advice: string): string {
  return typeof value === 'string' ? `write a whole number, not a text; ${advice}` : advice;
}

function boundOf({ min, max, unit, limitOf }: (DurationRow | NumberRow) & { unit?: string }): string {
  return `${min} to ${max}${unit ? ` ${unit}` : ''}${limitOf ? ` (${limitOf})` : ''}`;
}

function rowsOf(kinds: readonly OptionRow['kind'][]): [string, OptionRow][] {
  return Object.entries<OptionRow>(jobOptions).filter(([, { kind }]) => kinds.includes(kind));
}
