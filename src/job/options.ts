import type { Duration } from './duration.ts';
import type { RetryDelay } from './retryDelay.ts';

/** Defaults that the runtime needs, as constants of their own, so that a bundle does not carry the table below. */
export const defaultTimeout = '15s';
export const defaultBatchWindow = '0s';
export const defaultMaxAttempts = 5;
export const defaultRetryDelay = '30s';
export const defaultRemembered = '1d';
export const defaultUploadBytes = 100 * 1024 * 1024;

/**
 * A job's options: a row for each option that is a duration, a number, a choice or a switch, with its default, its bounds
 * and whose limit they are. The types, the checks and the stack are made from these rows, and a test compares the
 * tables of the documentation with them. Rules that concern several options are in `check/`.
 */
export const jobOptions = {
  /**
   * How long a batch may run: 1 s to 15 min (Lambda's limit). On Fargate, how long one
   * message may run: up to 12 h. Default 15 s.
   */
  timeout: {
    kind: 'duration',
    default: defaultTimeout,
    min: '1s',
    max: '15m',
    limitOf: "a Lambda function timeout; with compute: 'fargate' up to 12h",
    onFargate: { max: '12h', limitOf: 'the longest SQS visibility timeout' },
  },
  /** The most messages in one invocation, 1 to 10,000. Above 10 SQS needs a `batchWindow` of 1 s or more. Default 5. */
  batchSize: {
    kind: 'number',
    default: 5,
    min: 1,
    max: 10_000,
    limitOf: 'an event source mapping on a standard queue',
    insteadOnFargate:
      'remove it: a worker takes messages one by one; compute.concurrency says how many at once',
  },
  /** How long Lambda gathers messages for a batch, 0 s to 5 min. Default 0 s. */
  batchWindow: {
    kind: 'duration',
    default: defaultBatchWindow,
    min: '0s',
    max: '5m',
    limitOf: "an event source mapping's batching window",
    insteadOnFargate: 'remove it: a worker takes messages as they come',
  },
  /** How often a message is run before it becomes a dead letter, 1 to 999. Five attempts are four retries. Default 5. */
  maxAttempts: {
    kind: 'number',
    default: defaultMaxAttempts,
    min: 1,
    max: 999,
    limitOf: "SQS's maxReceiveCount of 1,000, less one",
  },
  /**
   * How long a failed message waits before its next attempt, 0 s to 12 h: `'30s'`, `['10s', '1m', '10m']` or
   * `{ initial: '10s', factor: 2, max: '1h', jitter: 0.5 }`. SQS counts 12 h from the receive, so a longer delay than
   * 11 h 40 min is cut to that. Default 30 s.
   */
  retryDelay: {
    kind: 'retryDelay',
    default: defaultRetryDelay,
    min: '0s',
    max: '12h',
    limitOf: 'an SQS visibility timeout',
  },
  /** Records each job's state, progress and result, and offers them in the status API. Default false. */
  track: { kind: 'switch', default: false },
  /** Raises the alarm when the oldest dead letter is this old, 1 min to 9 d. Default 15 min. */
  alarmAfter: {
    kind: 'duration',
    default: '15m',
    min: '1m',
    max: '9d',
    limitOf: 'what is left of 14d for a message that spent 4d in its queue, and a day to act',
  },
  /** Raises a second alarm when there are this many dead letters, 1 to 1,000,000. Default none. */
  alarmCount: { kind: 'number', min: 1, max: 1_000_000, limitOf: 'an alarm on a number of messages' },
  /**
   * With `alarmCount`: notifies people when `'either'` alarm is raised, or only when `'both'` are. Default `'either'`.
   */
  alarmWhen: { kind: 'choice', default: 'either', values: ['either', 'both'] },
  /**
   * Raises an alarm when the oldest message of the queue is this old, 1 min to 3 d: nobody consumes the queue, or too
   * slowly. Default 6 h, or one hour more than the first two runs and retry delays can take, if that is longer.
   */
  backlogAlarmAfter: {
    kind: 'duration',
    default: '6h',
    min: '1m',
    max: '3d',
    limitOf: "the job queue's retention of 4d, and a day to act",
  },
  /** The most batches that run at once, 2 to 1,000 (the event source mapping's bounds). Default no limit. */
  maxConcurrency: {
    kind: 'number',
    min: 2,
    max: 1000,
    limitOf: "an event source mapping's maximum concurrency",
    insteadOnFargate: 'remove it, and set compute.max (tasks) and compute.concurrency (messages per task)',
  },
  /** The function's memory in MB, 128 to 10,240. Its share of CPU grows with the memory. Default 256. */
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
  /** A task's CPU units: 256, 512, 1024, 2048, 4096, 8192 or 16384. 1024 are one vCPU. Default 256. */
  cpu: { kind: 'number', default: 256, min: 256, max: 16_384 },
  /** A task's memory in MB, 512 to 122,880. Which values are allowed depends on `cpu`. Default 512. */
  memory: { kind: 'number', default: 512, min: 512, max: 122_880 },
  /** The fewest tasks, 0 to 1,000. With 0 no task runs, and nothing is paid, while there are no messages. Default 0. */
  min: { kind: 'number', default: 0, min: 0, max: 1000, unit: 'tasks' },
  /** The most tasks, 1 to 1,000. Default 10. */
  max: { kind: 'number', default: 10, min: 1, max: 1000, unit: 'tasks' },
  /** How many messages one task runs at once, 1 to 1,000. Default 10. */
  concurrency: { kind: 'number', default: 10, min: 1, max: 1000, unit: 'messages at once' },
  /**
   * Uses Fargate Spot: up to 70 % cheaper, but AWS stops a task with two minutes'
   * notice when it needs the machine. Default false.
   */
  spot: { kind: 'switch', default: false },
  /**
   * How long a message should wait at most: more tasks start when the backlog would
   * take longer. Up to 12 h. Default 1 min.
   */
  latency: { kind: 'duration', default: '1m', min: '0s', max: '12h' },
  /**
   * How long one message usually takes. `latency` and this tell how many messages one task
   * can have waiting. Up to 12 h. Default 10 s.
   */
  messageDuration: { kind: 'duration', default: '10s', min: '0s', max: '12h' },
} as const satisfies Readonly<Record<string, OptionRow>>;

export const idempotencyOptions = {
  /** How long a finished job is remembered, 1 min to 365 d, and at least the job's `timeout`. Default 1 d. */
  for: {
    kind: 'duration',
    default: defaultRemembered,
    min: '1m',
    max: '365d',
    limitOf: 'a record in the platform’s idempotency table',
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

export const uploadsOptions = {
  /** The size of the largest file, in bytes: 1 to 5 GiB (S3's limit for one POST). Default 100 MiB. */
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
  /**
   * How much later the schedule may fire, so that not everything fires at once: 1 min
   * to 24 h, in whole minutes. Default none.
   */
  flexibleWindow: {
    kind: 'duration',
    min: '1m',
    max: '24h',
    limitOf: "EventBridge Scheduler's flexible time window",
  },
  /** Whether the schedule fires. Default true. */
  enabled: { kind: 'switch', default: true },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** How many entries an option's list may have, and how many characters a schedule's name. */
export const countBounds = {
  schedules: { min: 1, max: 10 },
  scheduleName: { min: 1, max: 20 },
  contentTypes: { min: 1, max: 20 },
} as const;

/** Above this batch size SQS needs a batching window of at least a second. */
export const largestBatchWithoutWindow = 10;

/**
 * The bytes of a job's own environment variables, names and values together: Lambda's 4 KB less what the platform sets.
 */
export const maxEnvironmentBytes = 4096 - 640;

/** A row of an option. Both bounds are allowed values. Without a default the option is not set. */
export type OptionRow = DurationRow | NumberRow | ChoiceRow | SwitchRow;

export interface DurationRow {
  readonly kind: 'duration' | 'retryDelay';
  readonly default?: Duration;
  readonly min: Duration;
  readonly max: Duration;
  /** Whose limit the bounds are, for the error message. */
  readonly limitOf?: string;
  /** The upper bound of a job that runs on Fargate. */
  readonly onFargate?: { readonly max: Duration; readonly limitOf: string };
  /** What to do where a job on Fargate gives this option, which it does not use. */
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

/** The options of a table as a job file may write them, each with its row's documentation. */
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
