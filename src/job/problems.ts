import {
  durationBounds,
  idempotencyBounds,
  largestBatchWithoutWindow,
  longestFargateTimeout,
  maxEnvironmentBytes,
  numberBounds,
} from './bounds.ts';
import { computeProblems } from './computeProblems.ts';
import { jobDefaults, queueRetention } from './defaults.ts';
import type { AnyJob, JobOptions } from './defineJob.ts';
import { type Duration, durationSeconds, formatDuration } from './duration.ts';
import { secondsOf, shown } from './given.ts';
import { idempotencyDefaults } from './idempotency.ts';
import { type RetryDelay, retryDelayProblem, retryDelaySeconds } from './retryDelay.ts';
import { scheduleProblems } from './scheduleProblems.ts';
import { trackProblems } from './trackProblems.ts';
import { visibilityTimeoutSeconds } from './visibilityTimeout.ts';

/** One thing that is wrong with a job's definition. */
export interface JobProblem {
  readonly option: string;
  /** What was given, as it would be written in the file. */
  readonly given: string;
  /** What is allowed, and whose limit it is. */
  readonly bound: string;
  /** What to do about it. */
  readonly advice: string;
}

/** Everything wrong with a definition, in the order of its options; empty when it can be deployed. */
export function jobProblems(job: AnyJob): JobProblem[] {
  const options: Record<string, unknown> = { ...job };
  return [
    ...runProblems(options),
    ...payloadProblems(options),
    ...unknownOptionProblems(options),
    ...computeProblems(options),
    ...durationProblems(options),
    ...retryDelayProblems(options),
    ...numberProblems(options),
    ...retentionProblems(options),
    ...backlogProblems(options),
    ...batchProblems(options),
    ...alarmProblems(options),
    ...idempotencyProblems(options),
    ...trackProblems(options),
    ...scheduleProblems(options),
    ...permissionProblems(options),
    ...environmentProblems(options),
  ];
}

function runProblems({ run }: Options): JobProblem[] {
  if (typeof run === 'function') return [];
  return [
    {
      option: 'run',
      given: shown(run),
      bound: 'a function (payload, context)',
      advice: 'write async run(payload, { log }) { … } in defineJob({ … })',
    },
  ];
}

function payloadProblems({ payload }: Options): JobProblem[] {
  const standard = (payload as { '~standard'?: { validate?: unknown } } | undefined)?.['~standard'];
  if (payload === undefined || typeof standard?.validate === 'function') return [];
  return [
    {
      option: 'payload',
      given: shown(payload),
      bound: 'a Standard Schema (zod, valibot, arktype, …)',
      advice: 'wrap the shape in a schema: payload: z.object({ … })',
    },
  ];
}

function unknownOptionProblems(options: Options): JobProblem[] {
  return Object.keys(options)
    .filter((option) => !knownOptions.has(option))
    .map((option) => ({
      option,
      given: shown(options[option]),
      bound: `one of ${[...knownOptions].filter((known) => known !== 'name').join(', ')}`,
      advice: 'remove it, or check its spelling',
    }));
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
 * case: every attempt runs to its timeout, and each wait is the longer of the retry delay and, for an attempt that
 * crashed, the visibility timeout.
 */
function retentionProblems(options: Options): JobProblem[] {
  const { maxAttempts = jobDefaults.maxAttempts, retryDelay = jobDefaults.retryDelay } = options;
  if ([...durationProblems(options), ...numberProblems(options), ...retryDelayProblems(options)].length > 0)
    return [];
  const { timeout = jobDefaults.timeout } = options as Partial<JobOptions>;
  const visibilitySeconds = visibilityTimeoutSeconds(options);
  const retries = Array.from({ length: (maxAttempts as number) - 1 }, (_, index) => index + 1);
  const waits = retries.map((attempt) =>
    Math.max(retryDelaySeconds(retryDelay as RetryDelay, attempt, 0), visibilitySeconds),
  );
  const total =
    waits.reduce((sum, wait) => sum + wait, 0) + (maxAttempts as number) * durationSeconds(timeout);
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

/** CloudWatch counts a message into the queue's age until its third receive, so its first two waits are a backlog to it. */
function backlogProblems(options: Options): JobProblem[] {
  const { maxAttempts = jobDefaults.maxAttempts, retryDelay = jobDefaults.retryDelay } =
    options as Partial<JobOptions>;
  const { backlogAlarmAfter = jobDefaults.backlogAlarmAfter } = options as Partial<JobOptions>;
  if ([...durationProblems(options), ...numberProblems(options), ...retryDelayProblems(options)].length > 0)
    return [];
  const waits = [1, 2]
    .filter((attempt) => attempt < maxAttempts)
    .map((attempt) => retryDelaySeconds(retryDelay, attempt, 0));
  const seconds = waits.reduce((sum, wait) => sum + wait, 0);
  if (seconds < durationSeconds(backlogAlarmAfter)) return [];
  return [
    {
      option: 'backlogAlarmAfter',
      given: shown(backlogAlarmAfter),
      bound: `longer than the first two retry delays, ${formatDuration(seconds)}, which would raise it for nothing`,
      advice: 'choose a longer backlogAlarmAfter, up to 3d, or shorter first delays',
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

function alarmProblems({ alarmCount, alarmWhen }: Options): JobProblem[] {
  if (alarmWhen === undefined) return [];
  if (alarmWhen !== 'either' && alarmWhen !== 'both') {
    return [
      {
        option: 'alarmWhen',
        given: shown(alarmWhen),
        bound: "'either' or 'both'",
        advice: 'choose one of them',
      },
    ];
  }
  if (alarmWhen === 'either' || alarmCount !== undefined) return [];
  return [
    {
      option: 'alarmWhen',
      given: "'both'",
      bound: 'needs alarmCount, the second alarm',
      advice: 'set alarmCount as well, or remove alarmWhen',
    },
  ];
}

function idempotencyProblems({ idempotency }: Options): JobProblem[] {
  if (idempotency === undefined) return [];
  const { key, for: remembered = idempotencyDefaults.for, ...unknown } = Object(idempotency) as Options;
  const { min, max, limitOf } = idempotencyBounds;
  const seconds = secondsOf(remembered) ?? Number.NaN;
  const isKnown = typeof idempotency === 'object' && Object.keys(unknown).length === 0;
  if (isKnown && (key === undefined || typeof key === 'function') && isBetween(seconds, min, max)) return [];
  return [
    {
      option: 'idempotency',
      given: shown(idempotency),
      bound: `{ key?: (payload) => text, for: ${min} to ${max} (${limitOf}) }`,
      advice:
        "write idempotency: { for: '1d' }, with key: ({ invoiceId }) => invoiceId where the job's ID is not enough",
    },
  ];
}

function isBetween(seconds: number, min: Duration, max: Duration): boolean {
  return Number.isInteger(seconds) && seconds >= durationSeconds(min) && seconds <= durationSeconds(max);
}

function permissionProblems({ permissions = [] }: Options): JobProblem[] {
  const bound = 'IAM statements { Effect?, Action, Resource, Condition? }';
  const advice = "write permissions: [{ Action: 's3:GetObject', Resource: 'arn:aws:s3:::my-bucket/*' }]";
  if (!Array.isArray(permissions))
    return [{ option: 'permissions', given: shown(permissions), bound, advice }];
  return permissions.flatMap((statement: unknown, index) =>
    isStatement(statement)
      ? []
      : [{ option: `permissions[${index}]`, given: shown(statement), bound, advice }],
  );
}

function isStatement(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { Effect = 'Allow', Action, Resource, Condition = {} } = value as Options;
  const isKnown = Object.keys(value).every((key) => statementKeys.has(key));
  const isEffect = Effect === 'Allow' || Effect === 'Deny';
  return (
    isKnown && isEffect && isEach(Action, isAction) && isEach(Resource, isResource) && isCondition(Condition)
  );
}

const statementKeys: ReadonlySet<string> = new Set(['Effect', 'Action', 'Resource', 'Condition']);

function isEach(value: unknown, isOne: (text: string) => boolean): boolean {
  const texts = Array.isArray(value) ? value : [value];
  return texts.length > 0 && texts.every((text) => typeof text === 'string' && isOne(text));
}

/** `s3:GetObject`, `s3:Get*` or `*` */
function isAction(text: string): boolean {
  return /^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/.test(text);
}

/** An ARN, with wildcards and `${AWS::…}` anywhere, or `*` */
function isResource(text: string): boolean {
  return text === '*' || /^arn:[^:]+:[^:]+(:[^:]*|::){2}/.test(text.replaceAll(/\$\{AWS::\w+\}/g, 'x'));
}

/** `{ StringEquals: { 'aws:SourceAccount': '…' } }` */
function isCondition(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(isRecord);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function environmentProblems({ environment = {} }: Options): JobProblem[] {
  if (typeof environment !== 'object' || environment === null) {
    return [
      {
        option: 'environment',
        given: shown(environment),
        bound: 'names and text values',
        advice: "write environment: { NAME: 'value' }",
      },
    ];
  }
  const problems = Object.entries(environment).flatMap(([name, value]) => variableProblems(name, value));
  const bytes = Object.entries(environment).reduce(
    (sum, entry) => sum + Buffer.byteLength(entry.join('')),
    0,
  );
  if (bytes <= maxEnvironmentBytes) return problems;
  return [
    ...problems,
    {
      option: 'environment',
      given: `${bytes} bytes`,
      bound: `${maxEnvironmentBytes} bytes in all (a Lambda function)`,
      advice: 'keep large values in SSM Parameter Store or S3, and their name here',
    },
  ];
}

function variableProblems(name: string, value: unknown): JobProblem[] {
  const option = `environment.${name}`;
  if (!/^[A-Za-z][A-Za-z0-9_]+$/.test(name)) {
    return [
      {
        option,
        given: shown(name),
        bound: 'a letter, then letters, digits and _',
        advice: 'rename the variable',
      },
    ];
  }
  if (/^(AWS_|JOB_|_|LAMBDA_TASK_ROOT$|LAMBDA_RUNTIME_DIR$)/.test(name)) {
    return [
      {
        option,
        given: shown(name),
        bound: 'AWS_… and JOB_… are set by Lambda and the platform',
        advice: 'rename the variable',
      },
    ];
  }
  if (typeof value === 'string') return [];
  return [{ option, given: shown(value), bound: 'a text', advice: `write '${String(value)}'` }];
}

type Options = Record<string, unknown>;

const knownOptions: ReadonlySet<string> = new Set([
  'name',
  'payload',
  'compute',
  ...Object.keys(durationBounds),
  ...Object.keys(numberBounds),
  'alarmWhen',
  'idempotency',
  'track',
  'uploads',
  'schedule',
  'permissions',
  'environment',
  'run',
]);
