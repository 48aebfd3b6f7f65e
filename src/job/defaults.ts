import type { Duration } from './duration.ts';

/**
 * What a job gets where its file says nothing. Defined here and nowhere else: the stack, the runtime, the
 * worker and the README's table (by a test) all take their values from this object.
 */
export const jobDefaults = {
  compute: 'lambda',
  timeout: '15s',
  batchSize: 5,
  batchWindow: '0s',
  maxAttempts: 5,
  retryDelay: '30s',
  alarmAfter: '15m',
  alarmWhen: 'either',
  backlogAlarmAfter: '6h',
  memory: 256,
  track: false,
} as const satisfies Record<string, Duration | number | string | boolean>;

/** How long SQS keeps a message in a job's queue, unless it is consumed. */
export const queueRetention: Duration = '4d';

/** How long SQS keeps a dead letter. A standard queue counts from the first enqueue, so it is SQS's maximum. */
export const deadLetterRetention: Duration = '14d';

/** How long the files bucket keeps what is in it: longer than a dead letter whose payload or upload may be there. */
export const fileRetention: Duration = '30d';
