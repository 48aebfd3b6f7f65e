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

/** What an attempt runs in. */
export interface AttemptSurroundings {
  readonly job: AnyJob;
  readonly queue: JobQueue;
  /** Where the job asks for idempotency. */
  readonly once?: Once | undefined;
  readonly deadline: Pick<Deadline, 'remainingMs'>;
  /** Awaited right before the job's own code: where it throws, the job does not run, and that is the attempt's error. */
  readonly beforeRun?: (() => Promise<void>) | undefined;
}

/**
 * SQS counts its 12 h from the receive, and refuses more: what a message may have waited until now (the longest
 * batching window, 5 min, and the longest function timeout, 15 min) is taken off.
 */
const longestDelaySeconds = 42_000;

/** Runs a job once with one message. Never throws: whatever happens is an outcome. */
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
    const run = (): unknown => job.run(payload, { ...context }); // a copy: what the job does to it decides nothing
    // Not async, which would cost every message a promise.
    const work = (): unknown => {
      // Within `once` too: an idempotent job that was done before its process crashed must not count as lost.
      if (message.receiveCount > context.maxAttempts) throw new LostAttemptError();
      return beforeRun ? beforeRun().then(run) : run();
    };
    if (once === undefined) return { kind: 'succeeded', result: await work() };
    return await once({ message, payload, context, queue, leaseMs: deadline.remainingMs() }, work);
  } catch (error) {
    return outcomeOfError(error, job, context, message);
  }
}

/** What becomes of a message whose attempt threw, or ran out of time. */
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

/** Beside the attempt there must be time for its crash to be noticed. */
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
