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

/** What a batch needs. */
export interface BatchSurroundings {
  readonly job: AnyJob;
  readonly jobName: string;
  readonly logger: MessageLogger;
  readonly queue: JobQueue;
  readonly once?: Once | undefined;
  /** Present when the job asks for tracking. */
  readonly tracker?: Tracker | undefined;
  readonly deadline: Deadline;
  readonly origin: Origin;
}

/** A run of one message. While it runs, it has no outcome. */
export interface Run {
  readonly message: JobMessage;
  readonly context: JobContext;
  readonly startedAt: number;
  outcome?: Outcome;
  durationMs?: number;
}

/**
 * Runs all messages of a batch at once, each on its own, until all are done or the deadline is reached. A run that is
 * not done by then ends with the outcome of an attempt that failed.
 */
export async function runBatch(
  records: readonly SQSRecord[],
  surroundings: BatchSurroundings,
): Promise<EndedRun[]> {
  const startedAt = performance.now();
  const runs = records.map((record) => newRun(readMessage(record), startedAt, surroundings));
  const { job, tracker, deadline } = surroundings;
  let running = runs.length;
  // The runs are counted by hand: Promise.race and Promise.all make more promises for each message, which costs 5 %.
  await new Promise<void>((resolve) => {
    if (running === 0) resolve();
    void deadline.reached.then(resolve);
    for (const run of runs) {
      const attempted = tracker
        ? tracker.attempt(run, surroundings)
        : attempt(run.message, run.context, surroundings);
      void attempted.then((outcome) => {
        end(run, outcome);
        running -= 1;
        if (running === 0) resolve();
      });
    }
  });
  // A job that ignores its signal still runs. Lambda freezes it when the batch has been reported.
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

/** Sets the outcome of a run, unless it has one: an outcome after the deadline comes too late. */
function end(run: Run, outcome: Outcome): void {
  if (run.outcome !== undefined) return;
  run.outcome = outcome;
  run.durationMs = Math.round((performance.now() - run.startedAt) * 10) / 10;
}

function noProgress(): void {}
