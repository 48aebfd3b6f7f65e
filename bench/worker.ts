import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateQueueCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { localCredentials } from '../local/aws/isolatedAws.ts';
import { startEngineProcess } from './engineProcess.ts';
import { type Measure, measuredInChild, median, percentile99 } from './measure.ts';
import { type ContestantName, type Queue, startContestant } from './workerContestants.ts';

/**
 * The worker beside the public pollers of SQS, each against SQS in another process, over HTTP. The worker runs what
 * Lambda runs (schema, outcome, a log line for each message); the pollers run a handler that returns.
 */
export const workerMeasures: Measure[] = [
  {
    name: 'worker-throughput',
    peer: 'the best of sqs-consumer (1, 4 and 8 instances) and squiss-ts',
    target: '≥ 1',
    of: 'messages per second, received, run and deleted, at 4 pollers',
    ratio: async () => (await throughputs()).ofBest,
  },
  {
    name: 'worker-throughput-single',
    peer: 'one sqs-consumer',
    target: '≥ 2',
    of: 'messages per second, received, run and deleted, at 4 pollers',
    ratio: async () => (await throughputs()).ofOne,
  },
  {
    name: 'worker-latency-p99',
    peer: 'one sqs-consumer',
    target: '≤ 1',
    of: 'time from publish to handler, 99th percentile, 100 messages a second, median of seven rounds',
    ratio: () => measuredInChild(import.meta.filename, 'latency'),
  },
  {
    name: 'worker-memory',
    peer: 'itself, 100,000 messages earlier',
    target: '≤ 1.1',
    of: 'bytes of heap in use, after a collection',
    ratio: () => measuredInChild(import.meta.filename, 'memory'),
  },
];

/** Both ratios come from the same rounds. */
function throughputs(): Promise<Throughput> {
  measuredThroughput ??= measuredInChild<Throughput>(import.meta.filename, 'throughput');
  return measuredThroughput;
}

let measuredThroughput: Promise<Throughput> | undefined;

interface Throughput {
  readonly ofBest: number;
  readonly ofOne: number;
}

/** A queue of an engine in a process of its own. */
interface FilledQueue extends Queue {
  readonly client: SQSClient;
}

/** What the child process does: one measure, by its name. */
async function measuredHere(mode: string | undefined): Promise<number | Throughput> {
  const engine = await startEngineProcess();
  const config = { endpoint: engine.endpoint, region: 'us-east-1', credentials: localCredentials };
  const client = new SQSClient(config);
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'bench' }));
  const queue = { client, config, queueUrl: QueueUrl };
  try {
    if (mode === 'throughput') return await throughput(queue);
    return mode === 'latency' ? await latency(queue) : await memory(queue);
  } finally {
    client.destroy();
    await engine.stop();
  }
}

/** Five rounds after one to warm up, all contestants in each, so that a slow moment of the machine hits all of them. */
async function throughput(queue: FilledQueue): Promise<Throughput> {
  const peers: ContestantName[] = ['sqs-consumer', '4 sqs-consumers', '8 sqs-consumers', 'squiss-ts'];
  const rounds: { ours: number; peers: number[] }[] = [];
  for (let round = 0; round < 6; round++) {
    const ofPeers: number[] = [];
    const ours = await messagesPerSecond('worker', queue);
    for (const peer of peers) ofPeers.push(await messagesPerSecond(peer, queue));
    if (round > 0) rounds.push({ ours, peers: ofPeers });
  }
  return {
    ofBest: median(rounds.map(({ ours, peers }) => ours / Math.max(...peers))),
    ofOne: median(rounds.map(({ ours, peers }) => ours / (peers[0] as number))),
  };
}

async function messagesPerSecond(name: ContestantName, queue: FilledQueue): Promise<number> {
  const count = 4000;
  await fill(queue, count);
  const { promise: allDone, resolve } = Promise.withResolvers<void>();
  let done = 0;
  const startedAt = performance.now();
  const contestant = await startContestant(name, queue, {
    onDone(messages) {
      done += messages;
      if (done >= count) resolve();
    },
  });
  await allDone;
  const seconds = (performance.now() - startedAt) / 1000;
  await contestant.stop();
  return count / seconds;
}

/** The median of the rounds: over all messages together, one pause of the machine would be the 99th percentile. */
async function latency(queue: FilledQueue): Promise<number> {
  const worst: Record<'worker' | 'sqs-consumer', number[]> = { worker: [], 'sqs-consumer': [] };
  for (let round = 0; round < 8; round++) {
    for (const name of ['worker', 'sqs-consumer'] as const) {
      const measured = percentile99(await publishToHandler(name, queue));
      if (round > 0) worst[name].push(measured);
    }
  }
  return median(worst.worker) / median(worst['sqs-consumer']);
}

async function publishToHandler(name: ContestantName, queue: FilledQueue): Promise<number[]> {
  const { client, queueUrl: QueueUrl } = queue;
  const count = 300;
  const times: number[] = [];
  const contestant = await startContestant(name, queue, {
    onHandled: (sentAt) => times.push(performance.now() - sentAt),
  });
  for (let index = 0; index < count; index++) {
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body(performance.now()) }));
    await sleep(9);
  }
  while (times.length < count) await sleep(5);
  await contestant.stop();
  return times;
}

async function memory(queue: FilledQueue): Promise<number> {
  let done = 0;
  const worker = await startContestant('worker', queue, {
    onDone: (messages) => {
      done += messages;
    },
  });
  const before = await heapAfter(10_000);
  const after = await heapAfter(110_000);
  await worker.stop();
  return after / before;

  async function heapAfter(messages: number): Promise<number> {
    while (done < messages) {
      await fill(queue, 5000);
      while (done % 5000 !== 0 || done === 0) await sleep(5);
    }
    global.gc?.();
    return process.memoryUsage().heapUsed;
  }
}

async function fill({ client, queueUrl: QueueUrl }: FilledQueue, count: number): Promise<void> {
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

if (import.meta.main) {
  process.send?.(await measuredHere(process.argv[2]));
  process.exit();
}
