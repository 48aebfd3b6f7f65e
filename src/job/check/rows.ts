import { durationBounds, largestBatchWithoutWindow, longestFargateTimeout, numberBounds } from '../bounds.ts';
import { jobDefaults } from '../defaults.ts';
import { type Duration, durationSeconds } from '../duration.ts';
import { retryDelayProblem } from '../retryDelay.ts';
import { numberAdvice, secondsOf, shown } from './given.ts';
import type { JobProblem } from './problems.ts';

/** What is wrong with a job's durations and numbers, each for itself. */
export function limitProblems(options: Options): JobProblem[] {
  return [
    ...durationProblems(options),
    ...retryDelayProblems(options),
    ...numberProblems(options),
    ...batchProblems(options),
  ];
}

function durationProblems(options: Options): JobProblem[] {
  const { retryDelay: _, ...simple } = boundsOf(options);
  return Object.entries(simple).flatMap(([option, { min, max, limitOf }]) => {
    const given = options[option];
    if (given === undefined) return [];
    const seconds = secondsOf(given);
    if (seconds !== undefined && seconds >= durationSeconds(min) && seconds <= durationSeconds(max)) {
      return wholeSecondProblems(option, given, seconds);
    }
    const advice =
      seconds === undefined
        ? "write a number and its unit, such as '30s' or '15m'"
        : `choose a duration from '${min}' to '${max}'`;
    return [{ option, given: shown(given), bound: `${min} to ${max} (${limitOf})`, advice }];
  });
}

/** A worker may take as long as SQS lets it keep a message. */
function boundsOf({
  compute,
}: Options): Record<keyof typeof durationBounds, { min: Duration; max: Duration; limitOf: string }> {
  if (compute === undefined || compute === 'lambda') return durationBounds;
  const timeout = {
    ...durationBounds.timeout,
    max: longestFargateTimeout,
    limitOf: 'the longest SQS visibility timeout',
  };
  return { ...durationBounds, timeout };
}

/**
 * Every length of time that reaches AWS here is in whole seconds; the alarms' periods in whole minutes are CloudWatch's
 * own.
 */
function wholeSecondProblems(option: string, given: unknown, seconds: number): JobProblem[] {
  if (Number.isInteger(seconds)) return [];
  return [
    {
      option,
      given: shown(given),
      bound: 'whole seconds',
      advice: `round it, such as '${Math.ceil(seconds)}s'`,
    },
  ];
}

function retryDelayProblems({ retryDelay = jobDefaults.retryDelay }: Options): JobProblem[] {
  const { min, max, limitOf } = durationBounds.retryDelay;
  const problem = retryDelayProblem(retryDelay, (duration) => {
    const seconds = secondsOf(duration);
    return seconds !== undefined && Number.isInteger(seconds) && seconds <= durationSeconds(max);
  });
  if (problem === undefined) return [];
  return [
    {
      option: 'retryDelay',
      given: shown(retryDelay),
      bound: `whole seconds from ${min} to ${max} (${limitOf}); at fault: ${problem}`,
      advice: "write '30s', ['10s', '1m', '10m'] or { initial: '10s', factor: 2, max: '1h', jitter: 0.5 }",
    },
  ];
}

function numberProblems(options: Options): JobProblem[] {
  return Object.entries(numberBounds).flatMap(([option, { min, max, limitOf }]) => {
    const given = options[option];
    if (given === undefined) return [];
    if (typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max) return [];
    return [
      {
        option,
        given: shown(given),
        bound: `${min} to ${max} (${limitOf})`,
        advice: numberAdvice(given, `choose a whole number from ${min} to ${max}`),
      },
    ];
  });
}

function batchProblems({
  batchSize = jobDefaults.batchSize,
  batchWindow = jobDefaults.batchWindow,
}: Options): JobProblem[] {
  const windowSeconds = secondsOf(batchWindow);
  if (typeof batchSize !== 'number' || windowSeconds === undefined) return [];
  if (batchSize <= largestBatchWithoutWindow || windowSeconds >= 1) return [];
  return [
    {
      option: 'batchWindow',
      given: shown(batchWindow),
      bound: `at least 1s with a batchSize above ${largestBatchWithoutWindow} (an event source mapping on SQS)`,
      advice: `set batchWindow: '1s' or more, or batchSize: ${largestBatchWithoutWindow} or less`,
    },
  ];
}

type Options = Readonly<Record<string, unknown>>;
