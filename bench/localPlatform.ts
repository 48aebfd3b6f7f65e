import { PublishBatchCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { localCredentials } from '../local/aws/isolatedAws.ts';
import type { Platform } from '../local/platform/platform.ts';
import { type Measure, median } from './measure.ts';
import { withPlatform } from './platform.ts';

/** The local platform beside a bare consumer on the same engine. */
export const localMeasures: Measure[] = [
  {
    name: 'local-throughput',
    peer: 'a bare receive-10/delete-10 loop on the same engine',
    target: '≥ 0.3',
    of: 'messages per second, published to acknowledged, batch 10, through real sandboxes',
    ratio: () => withBench(throughputRatio),
  },
  {
    name: 'local-latency',
    peer: 'a bare sqs-consumer',
    target: '≤ 5',
    of: 'p50 from publish to handler, 50 messages per second',
    ratio: () => withBench(latencyRatio),
  },
];

const echoJob = `import { defineJob } from '../job/index.ts';
export default defineJob({
  batchSize: 10,
  run(payload, { log }) {
    const { sentAt } = payload as { sentAt?: number };
    if (sentAt) log.info('received', { latencyMs: performance.timeOrigin + performance.now() - sentAt });
  },
});
`;

interface Bench {
  readonly platform: Platform;
  readonly topicArn: string;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  /** A queue subscribed to the topic that only the peer consumes. */
  readonly peerQueueUrl: string;
}

function withBench(measure: (bench: Bench) => Promise<number>): Promise<number> {
  return withPlatform({ 'EchoJob.ts': echoJob }, async (platform) => {
    const { endpoint, region } = platform;
    const connection = { endpoint, region, credentials: localCredentials };
    const sns = new SNSClient(connection);
    const sqs = new SQSClient(connection);
    try {
      const { topicArn = '' } = await platform.snapshot();
      const peerQueueUrl = await peerQueue(topicArn, sns, sqs);
      return await measure({ platform, topicArn, sns, sqs, peerQueueUrl });
    } finally {
      sns.destroy();
      sqs.destroy();
    }
  });
}

async function peerQueue(TopicArn: string, sns: SNSClient, sqs: SQSClient): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'peer' }));
  const Endpoint = TopicArn.replace(':sns:', ':sqs:').replace(/[^:]+$/, 'peer');
  const Attributes = { FilterPolicy: JSON.stringify({ jobName: ['Peer'] }) };
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }));
  return QueueUrl;
}

const messages = 5000;

async function throughputRatio(bench: Bench): Promise<number> {
  const ratios: number[] = [];
  for (let round = -1; round < 3; round++) {
    const ours = await acknowledgedPerSecond(bench);
    const peers = await bareLoopPerSecond(bench);
    if (round >= 0) ratios.push(ours / peers);
  }
  return median(ratios);
}

async function acknowledgedPerSecond({ platform, topicArn, sns }: Bench): Promise<number> {
  let acknowledged = 0;
  const { promise: allAcknowledged, resolve } = Promise.withResolvers<void>();
  const unsubscribe = platform.events.subscribe((event) => {
    if (event.type !== 'batch') return;
    acknowledged += event.outcome.messageIds.length - event.outcome.failedMessageIds.length;
    if (acknowledged >= messages) resolve();
  });
  const startedAt = performance.now();
  await publishMany('EchoJob', topicArn, sns);
  await allAcknowledged;
  unsubscribe();
  return messages / (performance.now() - startedAt);
}

async function bareLoopPerSecond({ topicArn, sns, sqs, peerQueueUrl: QueueUrl }: Bench): Promise<number> {
  await publishMany('Peer', topicArn, sns);
  const startedAt = performance.now();
  for (let deleted = 0; deleted < messages; ) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    deleted += Entries.length;
  }
  return messages / (performance.now() - startedAt);
}

async function publishMany(jobName: string, TopicArn: string, sns: SNSClient): Promise<void> {
  const publishBatch = (): Promise<unknown> =>
    sns.send(
      new PublishBatchCommand({
        TopicArn,
        PublishBatchRequestEntries: Array.from({ length: 10 }, (_, index) => ({
          Id: String(index),
          Message: '{}',
          MessageAttributes: { jobName: { DataType: 'String', StringValue: jobName } },
        })),
      }),
    );
  let left = messages / 10;
  const publishSome = async (): Promise<void> => {
    while (left-- > 0) await publishBatch();
  };
  await Promise.all([publishSome(), publishSome()]);
}

const latencyMessages = 300;

async function latencyRatio(bench: Bench): Promise<number> {
  await ourLatencyMs(bench, 20); // not measured: the sandbox starts meanwhile
  return (await ourLatencyMs(bench, latencyMessages)) / (await peersLatencyMs(bench, latencyMessages));
}

async function ourLatencyMs({ platform, topicArn, sns }: Bench, count: number): Promise<number> {
  const latencies: number[] = [];
  const { promise: allReceived, resolve } = Promise.withResolvers<void>();
  const unsubscribe = platform.events.subscribe((event) => {
    if (event.type !== 'log' || !event.line.text.includes('"latencyMs"')) return;
    latencies.push(JSON.parse(event.line.text).latencyMs);
    if (latencies.length === count) resolve();
  });
  await publishSteadily('EchoJob', topicArn, sns, count);
  await allReceived;
  unsubscribe();
  return median(latencies);
}

async function peersLatencyMs({ topicArn, sns, sqs, peerQueueUrl }: Bench, count: number): Promise<number> {
  const latencies: number[] = [];
  const { promise: allReceived, resolve } = Promise.withResolvers<void>();
  const consumer = Consumer.create({
    queueUrl: peerQueueUrl,
    sqs,
    batchSize: 10,
    handleMessage: async (message) => {
      const { sentAt } = JSON.parse(JSON.parse(message.Body ?? '{}').Message);
      latencies.push(performance.timeOrigin + performance.now() - sentAt);
      if (latencies.length === count) resolve();
      return message;
    },
  });
  let isStopping = false;
  consumer.on('error', (error) => {
    if (!isStopping) console.error(error); // a stop aborts the open poll, which is not a fault
  });
  consumer.start();
  await publishSteadily('Peer', topicArn, sns, count);
  await allReceived;
  isStopping = true;
  consumer.stop({ abort: true });
  return median(latencies);
}

async function publishSteadily(
  jobName: string,
  TopicArn: string,
  sns: SNSClient,
  count: number,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    await sns.send(
      new PublishCommand({
        TopicArn,
        Message: JSON.stringify({ sentAt: performance.timeOrigin + performance.now() }),
        MessageAttributes: { jobName: { DataType: 'String', StringValue: jobName } },
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
