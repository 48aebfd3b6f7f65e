import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { defineJob } from '../src/job/index.ts';
import { createHandler } from '../src/runtime/handler.ts';
import { interleavedRatio, type Measure, measuredInChild } from './measure.ts';

/** What the runtime adds to a message, beside AWS's own batch processor. */
export const wrapperMeasures: Measure[] = [
  {
    name: 'wrapper',
    peer: 'Powertools processPartialResponse',
    target: '≤ 0.75',
    of: 'time per message, batch of 10 from SNS, no-op job',
    ratio: () => measuredInChild(import.meta.filename, 'quiet'),
  },
  {
    name: 'wrapper-logged',
    peer: 'Powertools processPartialResponse + Logger',
    target: '≤ 1',
    of: 'time per message with one line of the same fields each',
    ratio: () => measuredInChild(import.meta.filename, 'logged'),
  },
];

/** Runs a no-op job by each, with or without log lines. */
async function wrapperRatio(logged: boolean): Promise<number> {
  const batches = logged ? 500 : 2_000;
  const event: SQSEvent = { Records: Array.from({ length: 10 }, (_, index) => snsRecord(index)) };
  const oursTimes = async (): Promise<void> => {
    const handler = ours(logged);
    for (let batch = 0; batch < batches; batch++) await handler(event, context);
  };
  const peersTimes = async (): Promise<void> => {
    const handler = peers(logged);
    for (let batch = 0; batch < batches; batch++) await handler(event);
  };
  return await interleavedRatio(oursTimes, peersTimes, { rounds: 41, warmUp: 6 });
}

const context = {
  awsRequestId: 'request',
  getRemainingTimeInMillis: () => 15_000,
  logGroupName: 'group',
  logStreamName: 'stream',
};

function ours(logged: boolean): ReturnType<typeof createHandler> {
  const nothing = (): void => undefined;
  const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const logger = logged
    ? new Logger({ serviceName: 'job', persistentKeys: { jobName: 'Job', codeVersion: 'abc' } })
    : quiet;
  const queue = {
    delay: async () => new Map<string, Error>(),
    sendDeadLetter: async () => undefined,
    sendAgain: async () => undefined,
  };
  return createHandler(defineJob({ run: async () => undefined }), 'Job', { logger, queue });
}

function peers(logged: boolean): (event: SQSEvent) => Promise<unknown> {
  const processor = new BatchProcessor(EventType.SQS);
  const logger = new Logger({ serviceName: 'job', persistentKeys: { jobName: 'Job', codeVersion: 'abc' } });
  const job = async (_payload: unknown): Promise<void> => undefined;
  const recordHandler = async (record: SQSRecord): Promise<void> => {
    const startedAt = performance.now();
    const envelope = JSON.parse(record.body);
    await job(JSON.parse(envelope.Message));
    if (!logged) return;
    logger.info('succeeded', {
      jobId: envelope.MessageAttributes.jobId.Value,
      attempt: Number(record.attributes.ApproximateReceiveCount),
      messageId: record.messageId,
      requestId: context.awsRequestId,
      outcome: 'succeeded',
      durationMs: performance.now() - startedAt,
    });
  };
  return (given) => processPartialResponse(given, recordHandler, processor, { context: context as never });
}

function snsRecord(index: number): SQSRecord {
  const message = JSON.stringify({
    friendName: `Friend ${index}`,
    greeting: 'Good morning',
    tags: ['a', 'b', 'c'],
  });
  return {
    messageId: `message-${index}`,
    receiptHandle: `receipt-${index}`,
    body: JSON.stringify({
      Type: 'Notification',
      MessageId: `envelope-${index}`,
      TopicArn: 'arn:aws:sns:us-east-1:000000000000:jobs-dev',
      Message: message,
      Timestamp: '2026-01-01T00:00:00.000Z',
      SignatureVersion: '1',
      Signature: 'x'.repeat(344),
      SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem',
      UnsubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe',
      MessageAttributes: {
        jobName: { Type: 'String', Value: 'Job' },
        jobId: { Type: 'String', Value: `job-${index}` },
      },
    }),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1700000000000',
      SenderId: 'AIDA',
      ApproximateFirstReceiveTimestamp: '1700000001000',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:jobs-dev-Job',
    awsRegion: 'us-east-1',
  };
}

if (import.meta.main) {
  process.send?.(await wrapperRatio(process.argv[2] === 'logged'));
  process.disconnect?.();
}
