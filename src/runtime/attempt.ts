import { fetchPayload } from '../claimCheck/fetchPayload.ts';
import { isPointer } from '../claimCheck/pointer.ts';
import type { JobContext } from '../job/context.ts';
import { jobDefaults } from '../job/defaults.ts';
import type { AnyJob } from '../job/defineJob.ts';
import { NonRetryableError, RetryAfter } from '../job/errors.ts';
import { retryDelaySeconds } from '../job/retryDelay.ts';
import { validPayload } from '../job/validPayload.ts';
import type { JobMessage } from './message.ts';
import type { Once } from './once.ts';
import type { Outcome } from './outcome.ts';

/** What an attempt runs in. */
export interface AttemptSurroundings {
  readonly job: AnyJob;
  /** Where the job asks for idempotency. */
  readonly once?: Once | undefined;
  /** How long this attempt may take. */
  remainingMs(): number;
}

/** Runs a job once with one message. Never throws: whatever happens is an outcome. */
export async function attempt(
  message: JobMessage,
  context: JobContext,
  { job, once, remainingMs }: AttemptSurroundings,
): Promise<Outcome> {
  try {
    if ('unreadable' in message.payload) throw message.payload.unreadable;
    const { value } = message.payload;
    const given = isPointer(value) ? await fetchPayload(value, context) : value;
    const payload =
      job.payload === undefined ? given : await validPayload(job.payload, given, context.jobName);
    if (once === undefined) return { kind: 'succeeded', result: await work(job, payload, message, context) };
    const key = job.idempotency?.key?.(payload) ?? context.jobId;
    const lease = { leaseMs: remainingMs(), log: context.log };
    const result = await once(key, lease, () => work(job, payload, message, context));
    return { kind: 'succeeded', result };
  } catch (error) {
    return outcomeOfError(error, job, context);
  }
}

/** Not within `once` alone: an idempotent job that was done before its process crashed must not count as lost. */
function work(job: AnyJob, payload: unknown, { receiveCount }: JobMessage, context: JobContext): unknown {
  if (receiveCount > context.maxAttempts) throw new LostAttemptError();
  return job.run(payload, context);
}

/** What becomes of a message whose attempt threw, or ran out of time. */
export function outcomeOfError(error: unknown, job: AnyJob, context: JobContext): Outcome {
  const { attempt, maxAttempts } = context;
  const isRetryAfter = isA(RetryAfter, error);
  const isLast = attempt >= maxAttempts && !(isRetryAfter && error.isFree);
  if (isLast || isA(NonRetryableError, error)) return { kind: 'dead', error };
  const seconds = isRetryAfter ? Math.ceil(error.delaySeconds) : delaySecondsAfter(attempt, job);
  return { kind: 'retry', error, delaySeconds: Math.min(seconds, longestDelaySeconds) };
}

/** The attempt before this delivery ended without an outcome: its process crashed, timed out or ran out of memory. */
export class LostAttemptError extends NonRetryableError {
  override readonly name = 'LostAttemptError';

  constructor() {
    super('the last attempt ended without an outcome: a crash, a timeout or out of memory');
  }
}

function delaySecondsAfter(attempt: number, { retryDelay = jobDefaults.retryDelay }: AnyJob): number {
  return retryDelaySeconds(retryDelay, attempt, Math.random());
}

/** `instanceof` asks what was thrown for its prototype, and a proxy may answer by throwing. */
function isA<T>(kind: abstract new (...parameters: never[]) => T, thrown: unknown): thrown is T {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}

/**
 * SQS counts its 12 h from the receive, and refuses more: what a message may have waited until now (the longest
 * batching window, 5 min, and the longest function timeout, 15 min) is taken off.
 */
const longestDelaySeconds = 12 * 3600 - 300 - 900;
