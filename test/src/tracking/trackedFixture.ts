import type { SQSRecord } from 'aws-lambda';
import { type AnyJob, defineJob, type JobOptions } from '../../../src/job/index.ts';
import type { Letter } from '../../../src/message/letter.ts';
import { runBatch } from '../../../src/runtime/batch.ts';
import { startDeadline } from '../../../src/runtime/deadline.ts';
import type { JobQueue } from '../../../src/runtime/jobQueue.ts';
import type { Once } from '../../../src/runtime/once.ts';
import { settle } from '../../../src/runtime/settle.ts';
import type { TimerClock } from '../../../src/tracking/throttle.ts';
import { dynamoTracker } from '../../../src/tracking/tracker.ts';
import { envelope, record, testBench } from '../runtime/batchFixture.ts';
import type { TestTable } from './testTable.ts';

/** A tracked job with its handler, on a status table. */
export function trackedBench(
  { tableName, client }: TestTable,
  clock: TimerClock,
  options: Omit<JobOptions, 'run'> & { run: AnyJob['run'] },
  parts: Partial<JobQueue> & { once?: Once } = {},
) {
  const tracker = dynamoTracker('TestJob', { tableName, client, clock });
  return testBench({ track: true, maxAttempts: 3, ...options }, { tracker, ...parts });
}

/** Runs one batch whose deadline comes when the test says so. Gives what becomes of it, settled. */
export function batchWithDeadline(
  { tableName, client }: TestTable,
  clock: TimerClock,
  options: Omit<JobOptions, 'run'> & { run: AnyJob['run'] },
  records: SQSRecord[],
) {
  const deadline = startDeadline(60_000);
  const deadLetters: Letter[] = [];
  const quiet = () => {};
  const surroundings = {
    job: defineJob({ track: true, ...options }),
    jobName: 'TestJob',
    tracker: dynamoTracker('TestJob', { tableName, client, clock }),
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    queue: {
      delay: async () => new Map(),
      sendDeadLetter: async (letter: Letter) => void deadLetters.push(letter),
      sendAgain: async () => undefined,
    },
    deadline,
    origin: {},
  };
  const kept = runBatch(records, surroundings)
    .then((runs) => settle(runs, surroundings))
    .finally(() => deadline.clear());
  return { deadline, deadLetters, kept };
}

export interface MessageOptions {
  readonly receiveCount?: number;
  /** Epoch ms. @default firstSentAt */
  readonly sentAt?: number;
  readonly publishedAt?: string;
  readonly payload?: string;
}

/** When SQS got messages that nothing else is said of: now, since it keeps them for four days. Epoch ms. */
export const firstSentAt = Date.now();

/** A delivery of a job's message. */
export function delivery(
  jobId: string,
  { receiveCount = 1, sentAt = firstSentAt, publishedAt, payload = '{}' }: MessageOptions = {},
): SQSRecord {
  const attributes = { jobId, ...(publishedAt === undefined ? {} : { publishedAt }) };
  return record(envelope(payload, attributes), {
    messageId: `${jobId}-${sentAt}-${receiveCount}`,
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: String(sentAt),
      SenderId: 'AIDA',
      ApproximateFirstReceiveTimestamp: String(sentAt),
    },
  });
}
