import { healthyAgeSeconds } from './backlogAlarm.ts';
import { durationBounds, largestBatchWithoutWindow, longestFargateTimeout, numberBounds } from './bounds.ts';
import { jobDefaults, queueRetention } from './defaults.ts';
import type { JobOptions } from './defineJob.ts';
import { type Duration, durationSeconds, formatDuration } from './duration.ts';
import { secondsOf, shown } from './given.ts';
import type { JobProblem } from './problems.ts';
import { retryDelayProblem, retryDelaySeconds } from './retryDelay.ts';
import { visibilityTimeoutSeconds } from './visibilityTimeout.ts';

/** What is wrong with a job's durations and numbers: each for itself, and together. */
export function limitProblems(options: Options): JobProblem[] {
  const own = [...durationProblems(options), ...retryDelayProblems(options), ...numberProblems(options)];
  const together = own.length > 0 ? [] : [...retentionProblems(options), ...backlogProblems(options)];
  return [...own, ...together, ...batchProblems(options)];
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

/** Every length of time that reaches AWS here is in whole seconds; the alarms' periods in whole minutes are CloudWatch's own. */
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
        advice: `choose a whole number from ${min} to ${max}`,
      },
    ];
  });
}

/**
 * A message that is retried for longer than its queue keeps it is deleted by SQS without a trace. Counted is the worst
 * case: every attempt runs to its timeout, each wait is the longer of the retry delay and, for an attempt that crashed,
 * the visibility timeout; and that the last one crashed is noticed when its visibility timeout has ended.
 */
function retentionProblems(options: Options): JobProblem[] {
  const {
    maxAttempts = jobDefaults.maxAttempts,
    retryDelay = jobDefaults.retryDelay,
    timeout = jobDefaults.timeout,
  } = options as Partial<JobOptions>;
  const visibilitySeconds = visibilityTimeoutSeconds(options);
  const waits = Array.from({ length: maxAttempts }, (_, index) =>
    index + 1 < maxAttempts
      ? Math.max(retryDelaySeconds(retryDelay, index + 1, 0), visibilitySeconds)
      : visibilitySeconds,
  );
  const total = waits.reduce((sum, wait) => sum + wait, 0) + maxAttempts * durationSeconds(timeout);
  if (total <= durationSeconds(queueRetention)) return [];
  return [
    {
      option: 'maxAttempts',
      given: `${maxAttempts} with retryDelay ${shown(retryDelay)}`,
      bound: `retries that end within the queue's retention of ${queueRetention}; these may take ${Math.ceil(total / 3600)}h`,
      advice: 'choose fewer attempts, a shorter retryDelay or a shorter timeout',
    },
  ];
}

/** One that a healthy job raises teaches people to look away. By default there is none. */
function backlogProblems(options: Options): JobProblem[] {
  const { backlogAlarmAfter } = options as Partial<JobOptions>;
  const seconds = healthyAgeSeconds(options as Partial<JobOptions>);
  if (backlogAlarmAfter === undefined || seconds < durationSeconds(backlogAlarmAfter)) return [];
  return [
    {
      option: 'backlogAlarmAfter',
      given: shown(backlogAlarmAfter),
      bound: `longer than the runs and delays until a message's third receive, ${formatDuration(seconds)}, which would raise it for nothing`,
      advice:
        'choose a longer one, up to 3d, or remove it: by default it is long enough; or choose a shorter timeout or shorter first delays',
    },
  ];
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
