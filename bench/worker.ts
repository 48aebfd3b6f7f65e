import { spawn } from 'node:child_process';
import type { Measure } from './measure.ts';

/**
 * The worker beside the public pollers of SQS, each against SQS in another process, over HTTP. The worker runs what
 * Lambda runs (schema, outcome, a log line for each message); theirs is a handler that returns.
 */
export const workerMeasures: Measure[] = [
  {
    name: 'worker-throughput',
    peer: 'the best of sqs-consumer (1, 4 and 8 instances) and squiss-ts',
    target: '≥ 1',
    of: 'messages per second, received, run and deleted, at 4 pollers',
    ratio: async () => (await throughput()).ofBest,
  },
  {
    name: 'worker-throughput-single',
    peer: 'one sqs-consumer',
    target: '≥ 2',
    of: 'messages per second, received, run and deleted, at 4 pollers',
    ratio: async () => (await throughput()).ofOne,
  },
  {
    name: 'worker-latency-p99',
    peer: 'one sqs-consumer',
    target: '≤ 1',
    of: 'time from publish to handler, 99th percentile, 100 messages a second, median of seven rounds',
    ratio: () => measuredInChild<number>('latency'),
  },
  {
    name: 'worker-memory',
    peer: 'itself, 100,000 messages before',
    target: '≤ 1.1',
    of: 'bytes of heap in use, after a collection',
    ratio: () => measuredInChild<number>('memory'),
  },
];

/** Both ratios come from the same rounds. */
function throughput(): Promise<Throughput> {
  measuredThroughput ??= measuredInChild<Throughput>('throughput');
  return measuredThroughput;
}

export interface Throughput {
  readonly ofBest: number;
  readonly ofOne: number;
}

let measuredThroughput: Promise<Throughput> | undefined;

/** In a process of its own whose stdout is discarded: a terminal would be measured instead. */
function measuredInChild<Result>(mode: 'throughput' | 'latency' | 'memory'): Promise<Result> {
  const script = new URL('./workerChild.ts', import.meta.url).pathname;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', script, mode], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.once('message', (result) => resolve(result as Result));
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it reported`)));
  });
}
