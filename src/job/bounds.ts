import type { Duration } from './duration.ts';

/** What AWS allows for each option that is a length of time, and whose limit it is. */
export const durationBounds = {
  timeout: { min: '1s', max: '15m', limitOf: "a Lambda function timeout; with compute: 'fargate' up to 12h" },
  batchWindow: { min: '0s', max: '5m', limitOf: "an event source mapping's batching window" },
  retryDelay: { min: '0s', max: '12h', limitOf: 'an SQS visibility timeout' },
  alarmAfter: {
    min: '1m',
    max: '9d',
    limitOf: 'what is left of 14d for a message that spent 4d in its queue, and a day to act',
  },
  backlogAlarmAfter: { min: '1m', max: '3d', limitOf: "the job queue's retention of 4d, and a day to act" },
} as const satisfies Record<string, { min: Duration; max: Duration; limitOf: string }>;

/** On Fargate it is SQS that sets the end: the longest visibility timeout. */
export const longestFargateTimeout: Duration = '12h';

/** How long a finished job can be remembered. */
export const idempotencyBounds = {
  min: '1m',
  max: '365d',
  limitOf: 'a record in the platform’s idempotency table',
} as const satisfies { min: Duration; max: Duration; limitOf: string };

/** What AWS allows for each option that is a whole number, and whose limit it is. */
export const numberBounds = {
  batchSize: { min: 1, max: 10_000, limitOf: 'an event source mapping on a standard queue' },
  maxAttempts: { min: 1, max: 999, limitOf: "SQS's maxReceiveCount of 1,000, less one" },
  alarmCount: { min: 1, max: 1_000_000, limitOf: 'an alarm on a number of messages' },
  maxConcurrency: { min: 2, max: 1000, limitOf: "an event source mapping's maximum concurrency" },
  memory: { min: 128, max: 10_240, limitOf: 'a Lambda function, in MB' },
} as const satisfies Record<string, { min: number; max: number; limitOf: string }>;

/** Above this batch size SQS wants a batching window of at least a second. */
export const largestBatchWithoutWindow = 10;

/** What may be uploaded for a job: how many content types, and how large a file (5 GiB is S3's limit for one POST). */
export const uploadsBounds = {
  contentTypes: { min: 1, max: 20 },
  maxBytes: { min: 1, max: 5_368_709_120 },
} as const satisfies Record<string, { min: number; max: number }>;

/** A job's own environment, names and values together, in bytes: Lambda's 4 KB less what the platform sets itself. */
export const maxEnvironmentBytes = 4096 - 640;

/** How many schedules a job may have, how long their names may be, and Scheduler's flexible time window. */
export const scheduleBounds = {
  count: { min: 1, max: 10 },
  nameLength: { min: 1, max: 20 },
  flexibleWindow: { min: '1m', max: '24h', limitOf: "EventBridge Scheduler's flexible time window" },
} as const;
