import { type DeadLetterReason, deadLetter } from '../message/deadLetterReason.ts';
import type { BatchSurroundings, Run } from './batch.ts';
import type { Dead, Outcome, Retry } from './outcome.ts';
import { describeThrown, type Thrown } from './thrown.ts';

/** A run that has ended. */
export type EndedRun<O extends Outcome = Outcome> = Run & {
  readonly outcome: O;
  readonly durationMs: number;
};

/**
 * Makes the outcomes true on SQS, and logs a line for each. A message to retry becomes visible again after its delay,
 * and a dead one is sent to the dead-letter queue.
 * @returns the IDs of the messages that must not be acknowledged: those to retry, and the dead ones that could not be
 *   sent
 */
export async function settle(runs: readonly EndedRun[], surroundings: BatchSurroundings): Promise<string[]> {
  const retries: EndedRun<Retry>[] = [];
  const dead: EndedRun<Dead>[] = [];
  for (const run of runs) {
    const { kind } = run.outcome;
    if (kind === 'retry') retries.push(run as EndedRun<Retry>);
    else if (kind === 'dead') dead.push(run as EndedRun<Dead>);
    else log(run, 'info', kind);
  }
  const { tracker } = surroundings;
  if (!(tracker ?? retries[0] ?? dead[0])) return []; // true of most batches: there is nothing to wait for
  const unsent = dead.map((run) => bury(run, surroundings));
  const refused = retries[0] ? await delay(retries, surroundings) : undefined;
  const kept = [...retries.map(messageIdOf), ...(await Promise.all(unsent)).flat()];
  await tracker?.settled(runs, kept, refused);
  return kept;
}

/**
 * Delays the messages to retry. A message for which SQS refuses is not lost: it becomes visible when the queue's
 * visibility timeout ends.
 * @returns SQS's reasons, by the IDs of the messages for which it refused
 */
async function delay(
  runs: readonly EndedRun<Retry>[],
  { queue, deadline }: BatchSurroundings,
): Promise<ReadonlyMap<string, Error>> {
  const messages = runs.map((run) => ({
    Id: messageIdOf(run),
    ReceiptHandle: run.message.record.receiptHandle,
    VisibilityTimeout: run.outcome.delaySeconds,
  }));
  const refused = await queue.delay(messages, deadline.settlingSignal());
  for (const run of runs) {
    const { error, delaySeconds } = run.outcome;
    const delayError = refused.get(messageIdOf(run));
    const told = describeThrown(error);
    log(run, 'warn', 'retry', { error: told, ...(delayError ? { delayError } : { delaySeconds }) });
  }
  return refused;
}

/**
 * Sends a dead letter. When that fails, the message is reported as failed, and SQS's redrive policy moves it later.
 * @returns the message's ID when it must not be acknowledged
 */
async function bury(run: EndedRun<Dead>, surroundings: BatchSurroundings): Promise<string[]> {
  const error = describeThrown(run.outcome.error);
  try {
    const letter = deadLetter(run.message, reasonOf(run, error, surroundings));
    await surroundings.queue.sendDeadLetter(letter, surroundings.deadline.settlingSignal());
    log(run, 'error', 'dead', { error });
    return [];
  } catch (sendError) {
    log(run, 'error', 'dead, not yet sent', { error, sendError });
    return [messageIdOf(run)];
  }
}

function reasonOf(
  { message, context }: EndedRun,
  error: Thrown,
  { origin }: BatchSurroundings,
): DeadLetterReason {
  const { attempt, jobName, jobId } = context;
  const lastFailureAt = new Date().toISOString();
  const firstReceivedAt = Number(message.record.attributes?.ApproximateFirstReceiveTimestamp);
  return {
    ...error,
    attempts: attempt,
    jobName,
    jobId,
    firstFailureAt: attempt > 1 && firstReceivedAt ? new Date(firstReceivedAt).toISOString() : lastFailureAt,
    lastFailureAt,
    ...origin,
  };
}

function messageIdOf({ message }: Run): string {
  return message.record.messageId;
}

function log(
  { context, durationMs }: EndedRun,
  level: 'info' | 'warn' | 'error',
  outcome: string,
  fields?: object,
): void {
  context.log[level](outcome, { ...fields, outcome, durationMs });
}
