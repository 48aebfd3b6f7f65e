import type { Duration } from './duration.ts';
import type { RetryDelay } from './retryDelay.ts';

/** By themselves, so that a bundle carries no more of the table below than the runtime needs. */
export const defaultTimeout = '15s';
export const defaultBatchWindow = '0s';
export const defaultMaxAttempts = 5;
export const defaultRetryDelay = '30s';
export const defaultRemembered = '1d';
export const defaultUploadBytes = 100 * 1024 * 1024;

/**
 * A job's options, a row for each that is a length of time, a number, a choice or a switch: its default, its bounds and
 * whose limit they are. The compiler's types, the checks, the stack and the documented tables are made from these rows, or
 * held to them by a test. What depends on several options is checked in `check/`.
 */
export const jobOptions = {
  /** The longest a batch may run, 1 s to 15 min (Lambda's limit); on Fargate a message, up to 12 h. Default 15 s. */
  timeout: {
    kind: 'duration',
    default: defaultTimeout,
    min: '1s',
    max: '15m',
    limitOf: "a Lambda function timeout; with compute: 'fargate' up to 12h",
    onFargate: { max: '12h', limitOf: 'the longest SQS visibility timeout' },
  },
  /** Messages per invocation, 1 to 10,000 (above 10 SQS wants a `batchWindow` of 1 s or more). Default 5. */
  batchSize: {
    kind: 'number',
    default: 5,
    min: 1,
    max: 10_000,
    limitOf: 'an event source mapping on a standard queue',
    insteadOnFargate:
      'remove it: a worker takes messages one by one; compute.concurrency says how many at once',
  },
  /** How long Lambda gathers a batch, 0 to 5 min. Default 0 s. */
  batchWindow: {
    kind: 'duration',
    default: defaultBatchWindow,
    min: '0s',
    max: '5m',
    limitOf: "an event source mapping's batching window",
    insteadOnFargate: 'remove it: a worker takes messages as they come',
  },
  /** How often a message is run before it is a dead letter, 1 to 999: five attempts are four retries. Default 5. */
  maxAttempts: {
    kind: 'number',
    default: defaultMaxAttempts,
    min: 1,
    max: 999,
    limitOf: "SQS's maxReceiveCount of 1,000, less one",
  },
  /**
   * How long a failed message stays invisible before its next attempt, 0 s to 12 h: `'30s'`, `['10s', '1m', '10m']` or
   * `{ initial: '10s', factor: 2, max: '1h', jitter: 0.5 }`. SQS counts its 12 h from the receive, so at most 11 h 40 min
   * are waited. Default 30 s.
   */
  retryDelay: {
    kind: 'retryDelay',
    default: defaultRetryDelay,
    min: '0s',
    max: '12h',
    limitOf: 'an SQS visibility timeout',
  },
  /** Record each job's state, progress and result, and offer it in the status API. Default false. */
  track: { kind: 'switch', default: false },
  /** The age of the oldest dead letter that raises the alarm, 1 min to 9 d. Default 15 min. */
  alarmAfter: {
    kind: 'duration',
    default: '15m',
    min: '1m',
    max: '9d',
    limitOf: 'what is left of 14d for a message that spent 4d in its queue, and a day to act',
  },
  /** Raises an alarm at this many dead letters, 1 or more. None by default. */
  alarmCount: { kind: 'number', min: 1, max: 1_000_000, limitOf: 'an alarm on a number of messages' },
  /** With `alarmCount`: notify when `either` alarm is up, or only when `both` are. Default `either`. */
  alarmWhen: { kind: 'choice', default: 'either', values: ['either', 'both'] },
  /**
   * The age of the oldest message that says nobody consumes the queue, 1 min to 3 d. Default 6 h; where the first two runs
   * and retry delays take that long, an hour more than they.
   */
  backlogAlarmAfter: {
    kind: 'duration',
    default: '6h',
    min: '1m',
    max: '3d',
    limitOf: "the job queue's retention of 4d, and a day to act",
  },
  /** At most this many batches at once, 2 to 1,000 (the event source mapping's bounds). None by default. */
  maxConcurrency: {
    kind: 'number',
    min: 2,
    max: 1000,
    limitOf: "an event source mapping's maximum concurrency",
    insteadOnFargate: 'remove it, and set compute.max (tasks) and compute.concurrency (messages per task)',
  },
  /** The function's memory in MB, 128 to 10,240; CPU grows with it. Default 256. */
  memory: {
    kind: 'number',
    default: 256,
    min: 128,
    max: 10_240,
    limitOf: 'a Lambda function, in MB',
    insteadOnFargate: 'remove it, and set compute.memory',
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** The options of `compute: { type: 'fargate', … }`. */
export const fargateOptions = {
  /** CPU units of a task: 256 is a quarter of a vCPU. Default 256. */
  cpu: { kind: 'number', default: 256, min: 256, max: 16_384 },
  /** A task's memory in MB; which are allowed depends on `cpu`. Default 512. */
  memory: { kind: 'number', default: 512, min: 512, max: 122_880 },
  /** Tasks that always run. At 0 no task runs, and none is paid for, while there is no message. Default 0. */
  min: { kind: 'number', default: 0, min: 0, max: 1000, unit: 'tasks' },
  /** Tasks that run at most. Default 10. */
  max: { kind: 'number', default: 10, min: 1, max: 1000, unit: 'tasks' },
  /** Messages that one task runs at once. Default 10. */
  concurrency: { kind: 'number', default: 10, min: 1, max: 1000, unit: 'messages at once' },
  /** Fargate Spot: up to 70 % cheaper, and stopped with two minutes' notice when AWS needs the machine. Default false. */
  spot: { kind: 'switch', default: false },
  /**
   * How long a message may wait for its turn, as a rule; more tasks start when the backlog would take longer. Default 1
   * min.
   */
  latency: { kind: 'duration', default: '1m', min: '0s', max: '12h' },
  /** How long a message takes, as a rule: with `latency` it says how many messages are one task's share. Default 10 s. */
  messageDuration: { kind: 'duration', default: '10s', min: '0s', max: '12h' },
} as const satisfies Readonly<Record<string, OptionRow>>;

export const idempotencyOptions = {
  /** How long a finished job is remembered, 1 min to 365 d. Default `'1d'`. */
  for: {
    kind: 'duration',
    default: defaultRemembered,
    min: '1m',
    max: '365d',
    limitOf: 'a record in the platform’s idempotency table',
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

export const uploadsOptions = {
  /** The largest file, in bytes: 1 to 5 GiB (S3's bound for one POST). Default 100 MiB. */
  maxBytes: {
    kind: 'number',
    default: defaultUploadBytes,
    min: 1,
    max: 5_368_709_120,
    unit: 'bytes',
    limitOf: 'one POST to S3, 5 GiB',
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

export const scheduleOptions = {
  /** It may fire that much later, so that not everything fires at once: 1 min to 24 h, whole minutes. None by default. */
  flexibleWindow: {
    kind: 'duration',
    min: '1m',
    max: '24h',
    limitOf: "EventBridge Scheduler's flexible time window",
  },
  /** Default true. */
  enabled: { kind: 'switch', default: true },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** How many there may be of what an option lists, and how long a schedule's name may be. */
export const countBounds = {
  schedules: { min: 1, max: 10 },
  scheduleName: { min: 1, max: 20 },
  contentTypes: { min: 1, max: 20 },
} as const;

/** Above this batch size SQS wants a batching window of at least a second. */
export const largestBatchWithoutWindow = 10;

/** A job's own environment, names and values together, in bytes: Lambda's 4 KB less what the platform sets itself. */
export const maxEnvironmentBytes = 4096 - 640;

/** Both bounds are allowed; without a default the option is not set. */
export type OptionRow = DurationRow | NumberRow | ChoiceRow | SwitchRow;

export interface DurationRow {
  readonly kind: 'duration' | 'retryDelay';
  readonly default?: Duration;
  readonly min: Duration;
  readonly max: Duration;
  /** Whose limit the bounds are, for the message. */
  readonly limitOf?: string;
  /** The bound of a job that runs on Fargate. */
  readonly onFargate?: { readonly max: Duration; readonly limitOf: string };
  /** What to do about an option that Fargate does not use. */
  readonly insteadOnFargate?: string;
}

export interface NumberRow {
  readonly kind: 'number';
  readonly default?: number;
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
  readonly limitOf?: string;
  readonly insteadOnFargate?: string;
}

interface ChoiceRow {
  readonly kind: 'choice';
  readonly default?: string;
  readonly values: readonly string[];
}

interface SwitchRow {
  readonly kind: 'switch';
  readonly default: boolean;
}

/** What a job file may write, each with its row's documentation. */
export type OptionsOf<Table extends Readonly<Record<string, OptionRow>>> = {
  readonly [Name in keyof Table]?: ValueOf<Table[Name]>;
};

type ValueOf<Row extends OptionRow> = Row extends { readonly kind: 'duration' }
  ? Duration
  : Row extends { readonly kind: 'retryDelay' }
    ? RetryDelay
    : Row extends ChoiceRow
      ? Row['values'][number]
      : Row extends SwitchRow
        ? boolean
        : number;
