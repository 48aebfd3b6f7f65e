import type { Idempotency } from '../job/defineJob.ts';
import { NonRetryableError } from '../job/errors.ts';
import { messageCopy } from '../message/letter.ts';
import { AlreadyRunningError, type Once, type OnceRun } from '../runtime/once.ts';
import type { Outcome } from '../runtime/outcome.ts';
import { type DynamoKeysOptions, dynamoKeys, type KeyedWork } from './record.ts';

/**
 * Runs a job's messages once for each key, which it remembers in DynamoDB. Only bundles of jobs that ask for idempotency
 * contain this file. It reads the environment variable `JOB_IDEMPOTENCY_TABLE`, which the stack sets.
 */
export function dynamoOnce(jobName: string, idempotency: Idempotency, options?: DynamoKeysOptions): Once {
  return keyedOnce(dynamoKeys(jobName, idempotency.for, options), idempotency);
}

/** Runs messages once for each key, by any means of remembering keys. */
export function keyedOnce(keyed: KeyedWork, idempotency: Idempotency): Once {
  return async (run, work) => {
    const { context, leaseMs, renewalMs } = run;
    const lease = { leaseMs, ...(renewalMs && { renewalMs }), log: context.log };
    try {
      return { kind: 'succeeded', result: await keyed(keyOf(run, idempotency), lease, work) };
    } catch (error) {
      if (!(error instanceof AlreadyRunningError)) throw error;
      return postpone(run, error);
    }
  };
}

/** The key of a run, which must be a text: `undefined` or a promise would make all payloads the same job. */
function keyOf({ payload, context }: OnceRun, { key }: Idempotency): string {
  if (key === undefined) return context.jobId;
  const given: unknown = key(payload);
  if (typeof given === 'string' && given !== '') return given;
  const what = given === '' ? 'an empty text' : `of type ${typeof given}`;
  throw new NonRetryableError(
    `idempotency.key must give a text, at once: what it gave for this payload is ${what}`,
  );
}

/**
 * Lets a copy of the message wait until the same job has ended. Waiting by visibility would count as an attempt, which
 * happens when the copy cannot be sent.
 */
async function postpone({ message, context, queue }: OnceRun, error: AlreadyRunningError): Promise<Outcome> {
  const delaySeconds = Math.min(error.leaseSeconds, longestDelaySeconds);
  try {
    await queue.sendAgain(messageCopy(message, delaySeconds), context.signal);
  } catch (sendError) {
    context.log.warn('it waits for the same job without a copy, so that the wait counts as an attempt', {
      sendError,
    });
    return { kind: 'retry', error, delaySeconds };
  }
  context.log.info('the same job is running already, so it waits', { delaySeconds });
  return { kind: 'postponed' };
}

/** The longest delay of an SQS message. */
const longestDelaySeconds = 900;
