import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSRecord } from 'aws-lambda';
import type { AnyJob } from '../job/defineJob.ts';
import { durationSeconds } from '../job/duration.ts';
import { defaultTimeout } from '../job/options.ts';
import { messageCopy } from '../message/letter.ts';
import { readMessage } from '../message/received.ts';
import { type BatchSurroundings, runBatch } from '../runtime/batch.ts';
import { startDeadline } from '../runtime/deadline.ts';
import type { JobQueue } from '../runtime/jobQueue.ts';
import type { Outcome } from '../runtime/outcome.ts';
import { type EndedRun, settle } from '../runtime/settle.ts';
import { LeaseLostError, WorkerStoppedError } from './errors.ts';
import { type Heartbeats, type HeldMessage, longestVisibilityMs } from './heartbeats.ts';
import { backoffMs, isGone, type Outage } from './outage.ts';
import type { WorkerQueue } from './queue.ts';

/** What a run of a message needs. */
export interface MessageRunSurroundings extends Omit<BatchSurroundings, 'deadline' | 'queue'> {
  readonly queue: WorkerQueue;
  readonly heartbeats: Heartbeats;
  readonly deleting: Outage;
  readonly visibilityTimeoutMs: number;
}

/** A message's run, from its receive until its outcome is true on SQS. */
interface MessageRun {
  /** Aborts the job's signal with a reason. A job that ignores that is reported as unfinished a little later. */
  abort(reason: Error): void;
  /** Never rejects. */
  readonly settled: Promise<EndedRun>;
}

/** How long one message may run, in milliseconds. (In Lambda the timeout is for a batch.) */
export function timeoutMs({ timeout = defaultTimeout }: AnyJob): number {
  return durationSeconds(timeout) * 1000;
}

/** Runs a message as a batch of one, by the code that runs batches in Lambda. */
export function startMessageRun(record: SQSRecord, surroundings: MessageRunSurroundings): MessageRun {
  const deadline = startDeadline(timeoutMs(surroundings.job));
  const abort = (reason: Error): void => {
    if (!deadline.signal.aborted) deadline.abort(reason);
  };
  const receivedAtMs = performance.now();
  const held: HeldMessage = {
    receiptHandle: record.receiptHandle,
    messageId: record.messageId,
    receivedAtMs,
    visibleAtMs: receivedAtMs + surroundings.visibilityTimeoutMs,
    abort,
  };
  surroundings.heartbeats.add(held);

  async function run(): Promise<EndedRun> {
    const [ended] = await runBatch([record], { ...surroundings, deadline });
    deadline.clear();
    await surroundings.heartbeats.remove(held);
    return end(ended as EndedRun);
  }

  async function end(ended: EndedRun): Promise<EndedRun> {
    const { reason } = deadline.signal;
    const settled: EndedRun = { ...ended, outcome: outcomeAfter(ended.outcome, reason, held) };
    const settling = { ...deadline, settlingSignal: () => AbortSignal.timeout(settlingTimeoutMs) };
    const own = reason instanceof LeaseLostError ? abandoned(surroundings, reason) : surroundings;
    const kept = await settle([settled], { ...own, deadline: settling });
    if (kept.length === 0) await acknowledge(settled, held, surroundings);
    return settled;
  }

  return { abort, settled: run() };
}

/** The outcome of a run on SQS. The message of a run that was interrupted becomes visible again at once. */
function outcomeAfter(outcome: Outcome, reason: unknown, { receivedAtMs }: HeldMessage): Outcome {
  if (outcome.kind !== 'retry' && outcome.kind !== 'dead') return outcome;
  if (reason instanceof LeaseLostError) return { kind: 'retry', error: outcome.error, delaySeconds: 0 };
  if (outcome.kind === 'dead') return outcome;
  if (reason instanceof WorkerStoppedError) return { ...outcome, delaySeconds: 0 };
  const restSeconds = Math.floor((receivedAtMs + longestVisibilityMs - performance.now()) / 1000);
  return { ...outcome, delaySeconds: Math.min(outcome.delaySeconds, Math.max(restSeconds, 0)) };
}

/** Leaves a lost message alone: its visibility and its status are another run's by now. */
function abandoned(
  { queue, tracker, ...surroundings }: MessageRunSurroundings,
  reason: LeaseLostError,
): Omit<BatchSurroundings, 'deadline'> {
  const refusing: JobQueue = {
    delay: async (messages) => new Map(messages.map(({ Id }) => [Id, reason])),
    sendDeadLetter: (letter, signal) => queue.sendDeadLetter(letter, signal),
    sendAgain: (letter, signal) => queue.sendAgain(letter, signal),
  };
  return {
    ...surroundings,
    queue: refusing,
    ...(tracker && { tracker: { ...tracker, settled: tracker.left } }),
  };
}

/** Deletes a message. It tries for as long as no other consumer can get the message. */
async function acknowledge(
  { context: { log } }: EndedRun,
  { receiptHandle, visibleAtMs }: HeldMessage,
  { queue, deleting }: MessageRunSurroundings,
): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      await queue.delete(receiptHandle);
      return deleting.succeeded();
    } catch (error) {
      deleting.failed(error);
      const leftMs = visibleAtMs - performance.now() - lastTryMs;
      if (isGone(error) || leftMs <= 0) {
        return log.error('not deleted: the message is delivered and run once more', { error });
      }
      await sleep(Math.min(backoffMs(failures, 5000), leftMs));
    }
  }
}

/** How long before a message becomes visible again the last try is made. */
const lastTryMs = 500;

/** How long settling may take. Nobody kills this process at the job's deadline, so there is time for retries. */
const settlingTimeoutMs = 30_000;

/**
 * Gives back a message that was not run, so that other consumers get it. A copy takes its place, because each receive
 * of a message counts as an attempt. When the copy cannot be sent, the message itself becomes visible at once. Never
 * rejects.
 */
export async function giveBack(
  record: SQSRecord,
  { queue, logger }: Pick<MessageRunSurroundings, 'queue' | 'logger'>,
): Promise<void> {
  const { messageId, receiptHandle } = record;
  try {
    await queue.sendAgain(messageCopy(readMessage(record), 0), AbortSignal.timeout(sendTimeoutMs));
  } catch (error) {
    logger.warn('a message was given back without a copy, so that its receive counts as an attempt', {
      messageId,
      error,
    });
    return queue.changeVisibility(receiptHandle, 0).catch((refusal: Error) => {
      const text = 'not released: the message comes back after its visibility timeout';
      logger.warn(text, { messageId, error: refusal });
    });
  }
  await queue.delete(receiptHandle).catch((error: Error) => {
    logger.error('not deleted: the message is delivered and run once more', { messageId, error });
  });
}

/** How long sending a copy may take, in milliseconds: a process that stops has little time. */
const sendTimeoutMs = 3000;
