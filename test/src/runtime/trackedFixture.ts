import type { SQSRecord } from 'aws-lambda';
import type { AnyJob, JobOptions } from '../../../src/job/index.ts';
import { dynamoTracker } from '../../../src/runtime/dynamoTracker.ts';
import type { JobQueue } from '../../../src/runtime/jobQueue.ts';
import type { Once } from '../../../src/runtime/once.ts';
import type { Clock } from '../../../src/status/clock.ts';
import type { TestTable } from '../status/testTable.ts';
import { envelope, record, testBench } from './batchFixture.ts';

/** A tracked job with its handler, on a status table. */
export function trackedBench(
  { tableName, client }: TestTable,
  clock: Clock,
  options: Omit<JobOptions, 'run'> & { run: AnyJob['run'] },
  parts: Partial<JobQueue> & { once?: Once } = {},
) {
  const tracker = dynamoTracker('TestJob', { tableName, client, clock });
  return testBench({ track: true, maxAttempts: 3, ...options }, { tracker, ...parts });
}

export interface MessageOptions {
  readonly receiveCount?: number;
  /** Epoch ms. */
  readonly sentAt?: number;
  readonly publishedAt?: string;
  readonly payload?: string;
}

/** A delivery of a job's message. */
export function delivery(
  jobId: string,
  { receiveCount = 1, sentAt = 1_700_000_000_000, publishedAt, payload = '{}' }: MessageOptions = {},
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
