import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateQueueCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { localCredentials } from '../local/aws/isolatedAws.ts';
import { startEngineProcess } from './engineProcess.ts';
import { median } from './measure.ts';
import type { Throughput } from './worker.ts';
import { type ContestantName, startContestant } from './workerContestants.ts';

/** One measure of the worker, in a process of its own: `node --expose-gc workerChild.ts throughput|latency|memory`. */
const modes: Record<string, () => Promise<number | Throughput>> = { throughput, latency, memory };

const engine = await startEngineProcess();
const config = {
  endpoint: engine.endpoint,
  region: 'us-east-1',
  credentials: localCredentials,
};
const client = new SQSClient(config);
const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'bench' }));
const result = await modes[process.argv[2] ?? '']?.();
process.send?.(result);
client.destroy();
await engine.stop();
process.exit();

/** Five rounds after one to warm up, all contestants in each, so that the machine's moods hit all of them. */
async function throughput(): Promise<Throughput> {
  const peers: ContestantName[] = ['sqs-consumer', '4 sqs-consumers', '8 sqs-consumers', 'squiss-ts'];
  const rounds: { ours: number; peers: number[] }[] = [];
  for (let round = 0; round < 6; round++) {
    const ofPeers: number[] = [];
    const ours = await messagesPerSecond('worker');
    for (const peer of peers) ofPeers.push(await messagesPerSecond(peer));
    if (round > 0) rounds.push({ ours, peers: ofPeers });
  }
  return {
    ofBest: median(rounds.map(({ ours, peers }) => ours / Math.max(...peers))),
    ofOne: median(rounds.map(({ ours, peers }) => ours / (peers[0] as number))),
  };
}

async function messagesPerSecond(name: ContestantName): Promise<number> {
  const count = 4000;
  await fill(count);
  const { promise: allDone, resolve } = Promise.withResolvers<void>();
  let done = 0;
  const startedAt = performance.now();
  const contestant = await startContestant(
    name,
    { config, queueUrl: QueueUrl },
    {
      onDone(messages) {
        done += messages;
        if (done >= count) resolve();
      },
    },
  );
  await allDone;
  const seconds = (performance.now() - startedAt) / 1000;
  await contestant.stop();
  return count / seconds;
}

async function latency(): Promise<number> {
  const worst: Record<'worker' | 'sqs-consumer', number[]> = { worker: [], 'sqs-consumer': [] };
  for (let round = 0; round < 8; round++) {
    for (const name of ['worker', 'sqs-consumer'] as const) {
      const measured = percentile99(await publishToHandler(name));
      if (round > 0) worst[name].push(measured);
    }
  }
  // Of all rounds: one pause of the machine would be the percentile of all messages together.
  return median(worst.worker) / median(worst['sqs-consumer']);
}

async function publishToHandler(name: ContestantName): Promise<number[]> {
  const count = 300;
  const times: number[] = [];
  const contestant = await startContestant(
    name,
    { config, queueUrl: QueueUrl },
    {
      onHandled: (sentAt) => times.push(performance.now() - sentAt),
    },
  );
  for (let index = 0; index < count; index++) {
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body(performance.now()) }));
    await sleep(9);
  }
  while (times.length < count) await sleep(5);
  await contestant.stop();
  return times;
}

async function memory(): Promise<number> {
  let done = 0;
  const worker = await startContestant(
    'worker',
    { config, queueUrl: QueueUrl },
    {
      onDone: (messages) => {
        done += messages;
      },
    },
  );
  const before = await heapAfter(10_000, () => done);
  const after = await heapAfter(110_000, () => done);
  await worker.stop();
  return after / before;
}

async function heapAfter(messages: number, done: () => number): Promise<number> {
  while (done() < messages) {
    await fill(5000);
    while (done() % 5000 !== 0 || done() === 0) await sleep(5);
  }
  global.gc?.();
  return process.memoryUsage().heapUsed;
}

async function fill(count: number): Promise<void> {
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    for (let batch = caller; batch < count / 10; batch += 8) {
      const Entries = Array.from({ length: 10 }, (_, Id) => ({ Id: String(Id), MessageBody: body(0) }));
      await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
  });
  await Promise.all(callers);
}

/** As SNS delivers a job. */
function body(sentAt: number): string {
  return JSON.stringify({
    Type: 'Notification',
    MessageId: '5b1f4a5e-6a0e-5b0e-8a53-14c5a2ac4e55',
    TopicArn: 'arn:aws:sns:us-east-1:000000000000:jobs-dev',
    Message: JSON.stringify({ friendName: 'Hank', sentAt }),
    Timestamp: '2026-01-01T00:00:00.000Z',
    SignatureVersion: '1',
    MessageAttributes: {
      jobName: { Type: 'String', Value: 'GreetingJob' },
      jobId: { Type: 'String', Value: '0193e3a6-8f1c-7d3a-9b1e-2f6c1c9d8e7f' },
    },
  });
}

function percentile99(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;
}
