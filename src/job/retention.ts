import type { Duration } from './duration.ts';

/** How long SQS keeps a message in a job's queue, unless it is consumed. */
export const queueRetention: Duration = '4d';

/**
 * What must be left of that after a message's last attempt, in seconds, so that its crash is noticed: more than Lambda's
 * longest visibility timeout, after six functions of 15 min and a batching window of 5 min.
 */
export const crashNoticeSeconds = 7200;

/** How long SQS keeps a dead letter. A standard queue counts from the first enqueue, so it is SQS's maximum. */
export const deadLetterRetention: Duration = '14d';

/** How long the files bucket keeps what is in it: longer than a dead letter whose payload or upload may be there. */
export const fileRetention: Duration = '30d';
