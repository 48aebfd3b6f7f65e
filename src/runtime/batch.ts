import type { SQSRecord } from 'aws-lambda';
import type { JobContext } from '../job/context.ts';
import type { AnyJob } from '../job/defineJob.ts';
import { defaultMaxAttempts } from '../job/options.ts';
import type { Origin } from '../message/deadLetterReason.ts';
import { type JobMessage, readMessage } from '../message/received.ts';
import { attempt, outcomeOfError } from './attempt.ts';
import type { Deadline } from './deadline.ts';
import type { JobQueue } from './jobQueue.ts';
import { MessageLog, type MessageLogger } from './log.ts';
import type { Once } from './once.ts';
import type { Outcome } from './outcome.ts';
import type { EndedRun } from './settle.ts';
import type { Tracker } from './tracker.ts';

/** What a batch runs in. */
export interface BatchSurroundings {
  readonly job: AnyJob;
  readonly jobName: string;
  readonly logger: MessageLogger;
  readonly queue: JobQueue;
  readonly once?: Once | undefined;
  /** Where the job asks for tracking. */
  readonly tracker?: Tracker | undefined;
  readonly deadline: Deadline;
  readonly origin: Origin;
}

/** A message, its run, and how that ended; no outcome yet while it runs. */
export interface Run {
  readonly message: JobMessage;
  readonly context: JobContext;
  readonly startedAt: number;
  outcome?: Outcome;
  durationMs?: number;
}

/**
 * Runs all messages of a batch at once, each on its own, until they are done or the deadline is reached.
 */
export async function runBatch(
  records: readonly SQSRecord[],
  surroundings: BatchSurroundings,
): Promise<EndedRun[]> {
  const startedAt = performance.now();
  const runs = records.map((record) => newRun(readMessage(record), startedAt, surroundings));
  const { job, tracker, deadline } = surroundings;
  const attempts = runs.map(async (run) => {
    const attempted = tracker
      ? tracker.attempt(run, surroundings)
      : attempt(run.message, run.context, surroundings);
    end(run, await attempted);
  });
  await Promise.race([Promise.all(attempts), deadline.reached]);
  // A job that ignores the signal still runs; Lambda freezes it when the batch is reported.
  for (const run of runs)
    end(run, run.outcome ?? outcomeOfError(deadline.signal.reason, job, run.context, run.message));
  return runs as EndedRun[];
}

function newRun(
  message: JobMessage,
  startedAt: number,
  { job, jobName, logger, deadline, origin }: BatchSurroundings,
): Run {
  const { maxAttempts = defaultMaxAttempts } = job;
  const { jobId, receiveCount, record } = message;
  const attempt = Math.min(receiveCount, maxAttempts);
  const context: JobContext = {
    jobName,
    jobId,
    attempt,
    maxAttempts,
    log: new MessageLog(logger, {
      jobId,
      attempt,
      messageId: record.messageId,
      requestId: origin.requestId,
    }),
    signal: deadline.signal,
    progress: noProgress,
  };
  return { message, context, startedAt };
}

/** The first outcome stands: what comes after the deadline has been reported as unfinished. */
function end(run: Run, outcome: Outcome): void {
  if (run.outcome !== undefined) return;
  run.outcome = outcome;
  run.durationMs = Math.round((performance.now() - run.startedAt) * 10) / 10;
}

function noProgress(): void {}
