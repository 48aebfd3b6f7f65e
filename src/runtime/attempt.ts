import type { JobContext } from '../job/context.ts';
import type { AnyJob } from '../job/defineJob.ts';
import { durationSeconds } from '../job/duration.ts';
import { NonRetryableError, RetryAfter } from '../job/errors.ts';
import { defaultRetryDelay, defaultTimeout } from '../job/options.ts';
import { crashNoticeSeconds, queueRetention } from '../job/retention.ts';
import { retryDelaySeconds } from '../job/retryDelay.ts';
import { validPayload } from '../job/validPayload.ts';
import { isPointer } from '../message/pointer.ts';
import { type JobMessage, unreadable } from '../message/received.ts';
import type { Deadline } from './deadline.ts';
import { InvalidMessageError, LostAttemptError, OutOfTimeError } from './errors.ts';
import { fetchPayload } from './fetchPayload.ts';
import type { JobQueue } from './jobQueue.ts';
import type { Once } from './once.ts';
import type { Outcome } from './outcome.ts';
import { isA } from './thrown.ts';

/** What an attempt needs. */
export interface AttemptSurroundings {
  readonly job: AnyJob;
  readonly queue: JobQueue;
  /** Present when the job asks for idempotency. */
  readonly once?: Once | undefined;
  readonly deadline: Pick<Deadline, 'remainingMs'>;
  /**
   * Is awaited right before `run` of the job. When it throws, the job does not
   * run, and the attempt fails with that error.
   */
  readonly beforeRun?: (() => Promise<void>) | undefined;
}

/**
 * The longest delay of a retry: 11 h 40 min. SQS allows 12 h from the receive. By now a message may have waited for the
 * longest batching window, 5 min, and the longest function timeout, 15 min.
 */
const longestDelaySeconds = 42_000;

/** Runs a job once with one message. Never rejects: whatever happens is an outcome. */
export async function attempt(
  message: JobMessage,
  context: JobContext,
  { job, queue, once, deadline, beforeRun }: AttemptSurroundings,
): Promise<Outcome> {
  try {
    const published = message.payload;
    if (published === unreadable) throw new InvalidMessageError('the message is no JSON');
    const given = isPointer(published) ? await fetchPayload(published, context) : published;
    const payload =
      job.payload === undefined ? given : await validPayload(job.payload, given, context.jobName);
    const run = (): unknown => job.run(payload, { ...context }); // a copy, so that the job cannot change ours
    // An async function would cost every message one more promise.
    const work = (): unknown => {
      // Checked inside `once`: an idempotent job that was done before its process crashed is not lost.
      if (message.receiveCount > context.maxAttempts) throw new LostAttemptError();
      return beforeRun ? beforeRun().then(run) : run();
    };
    if (once === undefined) return { kind: 'succeeded', result: await work() };
    return await once({ message, payload, context, queue, leaseMs: deadline.remainingMs() }, work);
  } catch (error) {
    return outcomeOfError(error, job, context, message);
  }
}

/** The outcome of an attempt that threw or ran out of time: a retry, or a dead letter. */
export function outcomeOfError(
  error: unknown,
  job: AnyJob,
  { attempt, maxAttempts }: JobContext,
  message: JobMessage,
): Outcome {
  if (attempt >= maxAttempts || isA(NonRetryableError, error)) return { kind: 'dead', error };
  const seconds = isA(RetryAfter, error) ? Math.ceil(error.delaySeconds) : delaySecondsAfter(attempt, job);
  const delaySeconds = Math.min(seconds, longestDelaySeconds);
  return isDeletedBefore(delaySeconds, job, message)
    ? { kind: 'dead', error: new OutOfTimeError(`${delaySeconds}s`, error) }
    : { kind: 'retry', error, delaySeconds };
}

/** Whether SQS would delete the message before the next attempt has ended and a crash of it has been noticed. */
function isDeletedBefore(
  delaySeconds: number,
  { timeout = defaultTimeout }: AnyJob,
  { record }: JobMessage,
): boolean {
  const neededSeconds = delaySeconds + durationSeconds(timeout) + crashNoticeSeconds;
  const lastSentAt = Date.now() + (neededSeconds - durationSeconds(queueRetention)) * 1000;
  return Number(record.attributes?.SentTimestamp) < lastSentAt;
}

function delaySecondsAfter(attempt: number, { retryDelay = defaultRetryDelay }: AnyJob): number {
  return retryDelaySeconds(retryDelay, attempt, Math.random());
}
