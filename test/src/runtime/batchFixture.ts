import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { keyedOnce } from '../../../src/idempotency/once.ts';
import type { KeyedWork } from '../../../src/idempotency/record.ts';
import type { Idempotency } from '../../../src/job/defineJob.ts';
import { type AnyJob, defineJob, type JobOptions } from '../../../src/job/index.ts';
import type { DeadLetterReason } from '../../../src/message/deadLetterReason.ts';
import type { Letter } from '../../../src/message/letter.ts';
import { createHandler } from '../../../src/runtime/handler.ts';
import type { DelayedMessage, JobQueue } from '../../../src/runtime/jobQueue.ts';
import type { MessageLogger } from '../../../src/runtime/log.ts';
import { AlreadyRunningError, type Once } from '../../../src/runtime/once.ts';
import type { Tracker } from '../../../src/runtime/tracker.ts';

/** An SQS record as the event source mapping delivers it; `body` as given, wrapped in SNS's envelope on request. */
export function record(
  body: string,
  overrides: Partial<SQSRecord> & { receiveCount?: number } = {},
): SQSRecord {
  const { receiveCount = 1, ...fields } = overrides;
  const messageId = fields.messageId ?? `message-${++recordCount}`;
  return {
    messageId,
    receiptHandle: `receipt-${messageId}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: String(Date.now()),
      SenderId: 'AIDA',
      ApproximateFirstReceiveTimestamp: '1700000001000',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:jobs-dev-TestJob',
    awsRegion: 'us-east-1',
    ...fields,
  };
}

let recordCount = 0;

export function envelope(
  message: string,
  attributes: Record<string, string> = {},
  messageId = 'envelope-id',
): string {
  return JSON.stringify({
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: 'arn:aws:sns:us-east-1:000000000000:jobs-dev',
    Message: message,
    Timestamp: '2026-01-01T00:00:00.000Z',
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, Value]) => [name, { Type: 'String', Value }]),
    ),
  });
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

interface Parts {
  readonly once?: Once;
  readonly tracker?: Tracker;
  readonly logger?: MessageLogger;
}

/** A job with its handler, and all that it did to SQS and to the log. */
export function testBench(
  options: Omit<JobOptions, 'run'> & { run: AnyJob['run'] },
  { once, tracker, logger, ...faults }: Partial<JobQueue> & Parts = {},
) {
  const delayed: DelayedMessage[] = [];
  const deadLetters: Letter[] = [];
  const sentAgain: Letter[] = [];
  const lines: LogLine[] = [];
  const queue: JobQueue = {
    async delay(messages) {
      delayed.push(...messages);
      return new Map();
    },
    async sendDeadLetter(letter) {
      deadLetters.push(letter);
    },
    async sendAgain(letter) {
      sentAgain.push(letter);
    },
    ...faults,
  };
  const write =
    (level: string) =>
    (message: unknown, ...extra: unknown[]) => {
      lines.push({ level, message: String(message), fields: Object.assign({}, ...extra) });
    };
  const recorder = { debug: write('DEBUG'), info: write('INFO'), warn: write('WARN'), error: write('ERROR') };
  const handle = createHandler(defineJob(options), 'TestJob', {
    logger: logger ?? (recorder as never),
    queue,
    ...(once ? { once } : {}),
    ...(tracker ? { tracker } : {}),
  });
  const run = (records: SQSRecord[], remainingMs = 15_000): Promise<SQSBatchResponse> =>
    handle(
      { Records: records },
      {
        awsRequestId: 'request-1',
        getRemainingTimeInMillis: () => remainingMs,
        logGroupName: 'group',
        logStreamName: 'stream',
      },
    );
  return { run, delayed, deadLetters, sentAgain, lines };
}

/** As SQS does when it is away: a visibility that nobody can change ends when it ends. */
export const refuseDelays: JobQueue['delay'] = async (messages) =>
  new Map(messages.map(({ Id }) => [Id, new Error('down')]));

export function reported(response: SQSBatchResponse): string[] {
  return response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

export function reasonOf(letter: Letter | undefined): DeadLetterReason {
  return JSON.parse(letter?.MessageAttributes.deadLetterReason?.StringValue ?? 'null');
}

/** A memory that idempotent jobs share, with the semantics of the platform's table and a clock of the test's own. */
export function memoryOnce(idempotency: Idempotency = {}, now: () => number = Date.now): Once {
  return keyedOnce(memoryKeys(now), idempotency);
}

export function memoryKeys(now: () => number = Date.now): KeyedWork {
  const records = new Map<string, { done: boolean; leaseEndsAt: number; result?: unknown }>();
  return async (key, { leaseMs }, work) => {
    const record = records.get(key);
    if (record?.done) return record.result;
    if (record && record.leaseEndsAt > now()) {
      throw new AlreadyRunningError(Math.ceil((record.leaseEndsAt - now()) / 1000));
    }
    records.set(key, { done: false, leaseEndsAt: now() + leaseMs });
    try {
      const result = await work();
      records.set(key, { done: true, leaseEndsAt: 0, result });
      return result;
    } catch (error) {
      records.delete(key);
      throw error;
    }
  };
}
