import type { Duration } from './duration.ts';

/** How long SQS keeps a message that nobody consumes in a job's queue. */
export const queueRetention: Duration = '4d';

/**
 * How many seconds of the retention must be left after a message's last attempt, so that a crash of it is noticed. It is
 * more than the longest visibility timeout of a Lambda job: six timeouts of 15 min and a batching window of 5 min.
 */
export const crashNoticeSeconds = 7200;

/**
 * How long SQS keeps a dead letter: SQS's maximum, because a standard queue
 * counts from when the message was first sent.
 */
export const deadLetterRetention: Duration = '14d';

/** How long the files bucket keeps a file: longer than a dead letter, whose payload or upload may be in the bucket. */
export const fileRetention: Duration = '30d';
