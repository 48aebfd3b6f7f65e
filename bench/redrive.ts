import { SQS } from '@aws-sdk/client-sqs';
import { emptyTally } from '../cli/dlq/report.ts';
import { selectionOf } from '../cli/dlq/selection.ts';
import { sendBack } from '../cli/dlq/sendBack.ts';
import { sendToQueue } from '../cli/dlq/sendLetters.ts';
import { type Engine, startEngine } from '../local/aws/engine/engine.ts';
import { localCredentials } from '../local/aws/isolatedAws.ts';
import { reasonAttribute } from '../src/message/deadLetterReason.ts';
import { interleavedRatio, type Measure } from './measure.ts';

const letters = 10_000;
const rounds = 3;

/** A selective redrive against the embedded SQS, over HTTP. */
export const redriveMeasures: Measure[] = [
  {
    name: 'redrive',
    peer: 'a bare receive, send, delete loop',
    target: '≥ 0.3',
    of: `dead letters per second, ${letters} of them by --error`,
    ratio: redriveRatio,
  },
];

async function redriveRatio(): Promise<number> {
  const engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  const sqs = new SQS({
    endpoint: engine.endpoint,
    region: engine.region,
    credentials: localCredentials,
  });
  try {
    const queueUrl = await createQueue(engine, 'job');
    // Filling takes longer than redriving, so a queue for every run is filled before the clock starts.
    const full = await Promise.all(
      Array.from({ length: 2 * (rounds + 1) }, (_, index) => filledQueue(engine, `dead-${index}`)),
    );
    const next = (): string => full.pop() as string;
    return await interleavedRatio(
      () => bareLoop(sqs, next(), queueUrl),
      () => redriveAll(sqs, next(), queueUrl),
      { rounds },
    );
  } finally {
    sqs.destroy();
    await engine.stop();
  }
}

async function redriveAll(sqs: SQS, deadLetterQueueUrl: string, queueUrl: string): Promise<void> {
  const tally = emptyTally();
  await sendBack({ sqs, queueUrl: deadLetterQueueUrl, speed: 1 }, tally, {
    selection: selectionOf({ error: 'TypeError' }),
    send: sendToQueue(sqs, queueUrl),
    signal: new AbortController().signal,
  });
  if (tally.redriven !== letters) throw new Error(`only ${tally.redriven} of ${letters} were redriven`);
}

/** A simple script: it takes every letter and does not check for failures. */
async function bareLoop(sqs: SQS, deadLetterQueueUrl: string, queueUrl: string): Promise<void> {
  for (;;) {
    const { Messages = [] } = await sqs.receiveMessage({
      QueueUrl: deadLetterQueueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    });
    if (Messages.length === 0) return;
    await sqs.sendMessageBatch({
      QueueUrl: queueUrl,
      Entries: Messages.map(({ Body, MessageAttributes }, index) => ({
        Id: String(index),
        MessageBody: Body,
        MessageAttributes,
      })),
    });
    await sqs.deleteMessageBatch({
      QueueUrl: deadLetterQueueUrl,
      Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    });
  }
}

async function createQueue(engine: Engine, QueueName: string): Promise<string> {
  const { QueueUrl } = await engine.sqs('CreateQueue', { QueueName });
  return QueueUrl;
}

async function filledQueue(engine: Engine, name: string): Promise<string> {
  const QueueUrl = await createQueue(engine, name);
  for (let first = 0; first < letters; first += 10) {
    const Entries = Array.from({ length: 10 }, (_, index) => letter(first + index, String(index)));
    await engine.sqs('SendMessageBatch', { QueueUrl, Entries });
  }
  return QueueUrl;
}

/** A dead letter as the runtime sends it: SNS's envelope, and the reason as an attribute. */
function letter(number: number, Id: string) {
  const jobId = `job-${number}`;
  const reason = {
    name: 'TypeError',
    message: "Cannot read properties of undefined (reading 'name')",
    stack: 'TypeError: Cannot read properties of undefined\n    at run (/var/task/index.mjs:7:3)',
    attempts: 5,
    jobName: 'GreetingJob',
    jobId,
    firstFailureAt: '2026-11-20T10:00:00.000Z',
    lastFailureAt: '2026-11-20T10:02:00.000Z',
  };
  return {
    Id,
    MessageBody: JSON.stringify({
      Type: 'Notification',
      MessageId: `message-${number}`,
      TopicArn: 'arn:aws:sns:us-east-1:000000000000:jobs-dev',
      Message: JSON.stringify({ friendName: 'Hank' }),
      MessageAttributes: {
        jobName: { Type: 'String', Value: 'GreetingJob' },
        jobId: { Type: 'String', Value: jobId },
      },
    }),
    MessageAttributes: {
      [reasonAttribute]: { DataType: 'String', StringValue: JSON.stringify(reason) },
    },
  };
}
