import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type AnyJob, defineJob } from '../../../src/job/index.ts';
import { startWorker, type Worker, type WorkerOptions } from '../../../src/worker/worker.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { queueName, startPlatform, type TestPlatform, type TestPlatformOptions } from './platform.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function platformOf(options?: TestPlatformOptions): Promise<TestPlatform> {
  const platform = await startPlatform(options);
  cleanups.push(() => platform.stop());
  return platform;
}

interface Said {
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

function start(platform: TestPlatform, job: AnyJob, options: Partial<WorkerOptions> = {}) {
  const lines: Said[] = [];
  const say = (message: unknown, ...extra: unknown[]): void =>
    void lines.push({ message: String(message), fields: Object.assign({}, ...extra) });
  const worker: Worker = startWorker({
    job,
    name: 'TestJob',
    queueUrl: platform.queueUrl,
    deadLetterQueueUrl: platform.deadLetterQueueUrl,
    visibilityTimeoutSeconds: 30,
    stopTimeoutMs: 1000,
    clientConfig: platform.clientConfig,
    logger: { debug: say, info: say, warn: say, error: say },
    ...options,
  });
  cleanups.push(() => stop(platform, worker));
  return { worker, lines };
}

/** Does not wait for messages that the polls in flight may still bring. */
async function stop({ engine }: TestPlatform, worker: Worker): Promise<void> {
  const endPolls = setInterval(() => engine.endLongPolls(queueName), 10);
  await worker.stop().finally(() => clearInterval(endPolls));
}

/** A job that knows how many of it run at the same time. Its runs go on once the gate is open. */
function countingJob(ms: number, gate: Promise<unknown> = Promise.resolve()) {
  const seen = { running: 0, most: 0, done: [] as unknown[] };
  const job = defineJob({
    async run(payload) {
      seen.most = Math.max(seen.most, ++seen.running);
      await gate;
      await sleep(ms);
      seen.running--;
      seen.done.push(payload);
    },
  });
  return { job, seen };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

async function inFlight({ queue }: TestPlatform): Promise<number> {
  return (await queue()).notVisible.length;
}

describe('a worker', () => {
  test.each([1, 7, 25])('runs up to %i messages at the same time, and holds no more', async (concurrency) => {
    const platform = await platformOf();
    const count = 10 + 3 * concurrency;
    await platform.send(numbers(count));
    const gate = Promise.withResolvers<void>();
    const { job, seen } = countingJob(15, gate.promise);
    start(platform, job, { concurrency });
    await until(() => seen.running === concurrency);
    gate.resolve();
    let mostHeld = 0;
    await until(async () => {
      mostHeld = Math.max(mostHeld, await inFlight(platform));
      return seen.done.length === count;
    });
    expect(seen.most).toBe(concurrency);
    // A message that has been run is held until its delete is through.
    expect(mostHeld).toBeLessThanOrEqual(concurrency);
    expect(seen.done.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(count));
  });

  test('shares its queue with others: each message is run by one of them', async () => {
    const platform = await platformOf();
    await platform.send(numbers(100));
    const gate = Promise.withResolvers<void>();
    const both = [countingJob(5, gate.promise), countingJob(5, gate.promise)];
    for (const { job } of both) start(platform, job);
    await until(() => both.every(({ seen }) => seen.running > 0));
    gate.resolve();
    await until(() => both.flatMap(({ seen }) => seen.done).length >= 100);
    const done = both.flatMap(({ seen }) => seen.done).map(Number);
    expect(done.toSorted((a, b) => a - b)).toEqual(numbers(100));
  });

  test('needs one poll while its queue is quiet, whatever its concurrency', async () => {
    const platform = await platformOf();
    const polls: number[] = [];
    platform.engine.setFaults(({ action }) => {
      if (action === 'ReceiveMessage') polls.push(performance.now());
      return undefined;
    });
    const { job, seen } = countingJob(0);
    start(platform, job, { concurrency: 50, stopTimeoutMs: 20_000 });
    await until(() => polls.length > 0);
    await platform.send([1]);
    await until(() => seen.done.length === 1);
    await until(() => polls.length === 2);
    await sleep(200);
    expect(polls).toHaveLength(2);
  });

  test('says how it is', async () => {
    const platform = await platformOf();
    const gate = Promise.withResolvers<void>();
    const { job, seen } = countingJob(0, gate.promise);
    const startedAt = Date.now();
    const { worker } = start(platform, job, { concurrency: 3 });
    expect(worker.health()).toMatchObject({ inFlight: 0, concurrency: 3, isStopping: false });
    await platform.send([1, 2]);
    await until(() => seen.running === 2);
    const health = worker.health();
    expect(health).toMatchObject({ inFlight: 2, failingSince: undefined });
    expect(health.lastPollAt).toBeGreaterThanOrEqual(startedAt);
    gate.resolve();
    platform.engine.setFaults(() => ({ kind: 'drop' }));
    await until(() => worker.health().failingSince !== undefined);
    platform.engine.setFaults(undefined);
    await until(() => worker.health().failingSince === undefined);
    const stopped = stop(platform, worker);
    expect(worker.health().isStopping).toBe(true);
    await stopped;
    expect(await worker.done).toEqual({ unfinished: 0 });
  });

  test('gives back at once what it cannot run any more when it comes while stopping', async () => {
    const platform = await platformOf();
    let polls = 0;
    platform.engine.setFaults(() => void polls++ as undefined);
    const done: unknown[] = [];
    const job = defineJob({ timeout: '15m', run: (payload) => void done.push(payload) });
    const { worker } = start(platform, job, { stopTimeoutMs: 5000 });
    await until(() => polls > 0);
    const stopped = worker.stop();
    await platform.send([1]);
    await stopped;
    expect(done).toEqual([]);
    const given = (await platform.queue()).visible;
    // A message of its own: the receive is no attempt.
    expect(given.map(({ receiveCount }) => receiveCount)).toEqual([0]);
    expect(given[0]?.messageAttributes.attemptsMade?.StringValue).toMatch(/^0@/);
  });

  test('gives it back as it is where SQS takes no copy', async () => {
    const platform = await platformOf();
    let polls = 0;
    platform.engine.setFaults(({ action }) => {
      polls += 1;
      return action === 'SendMessage' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined;
    });
    const { worker, lines } = start(platform, defineJob({ timeout: '15m', run() {} }), {
      stopTimeoutMs: 5000,
    });
    await until(() => polls > 0);
    const stopped = worker.stop();
    await platform.send([1]);
    await stopped;
    expect((await platform.queue()).visible.map(({ receiveCount }) => receiveCount)).toEqual([1]);
    expect(lines.map(({ message }) => message)).toContain(
      'a message was given back without a copy, so that its receive counts as an attempt',
    );
  });

  test('tries a delete again that SQS refused, and runs nothing twice', async () => {
    const platform = await platformOf();
    let refusals = 0;
    platform.engine.setFaults(({ action }) =>
      action === 'DeleteMessageBatch' && refusals++ < 6
        ? { kind: 'error', status: 500, code: 'InternalFailure' }
        : undefined,
    );
    await platform.send(numbers(5));
    const { job, seen } = countingJob(0);
    const { lines } = start(platform, job);
    await until(async () => seen.done.length === 5 && (await inFlight(platform)) === 0);
    expect(refusals).toBeGreaterThanOrEqual(6);
    expect(seen.done).toHaveLength(5);
    await until(() => lines.some(({ message }) => message === 'deleting works again'));
    expect(lines.filter(({ message }) => /^deleting fails/.test(message))).toHaveLength(1);
  });

  test('says when a message could not be deleted in time: it is run again, never lost', async () => {
    const platform = await platformOf({ visibilityTimeoutSeconds: 1 });
    platform.engine.setFaults(({ action }) =>
      action === 'DeleteMessageBatch' ? { kind: 'error', status: 500, code: 'InternalFailure' } : undefined,
    );
    await platform.send([1]);
    const { job, seen } = countingJob(0);
    const { lines } = start(platform, job, { visibilityTimeoutSeconds: 1 });
    const text = 'not deleted: the message is delivered and run once more';
    await until(() => lines.some(({ message }) => message === text));
    platform.engine.setFaults(undefined);
    await until(async () => seen.done.length >= 2 && (await inFlight(platform)) === 0);
    expect((await platform.queue()).visible).toEqual([]);
  });

  test('beats faster where the SQS it consumes runs faster', async () => {
    const visibilityTimeoutSeconds = 150;
    const platform = await platformOf({ speed: 100, visibilityTimeoutSeconds });
    let beats = 0;
    platform.engine.setFaults(({ action }) => {
      if (action.startsWith('ChangeMessageVisibility')) beats += 1;
      return undefined;
    });
    const gate = Promise.withResolvers<void>();
    const { job, seen } = countingJob(0, gate.promise);
    start(platform, job, { visibilityTimeoutSeconds, sqsSpeed: 100 });
    await platform.send([1]);
    // Each after 0.75 s; it would be 75 if SQS ran as on AWS.
    await until(() => beats > 2);
    expect(seen.done).toEqual([]);
    gate.resolve();
    await until(async () => (await inFlight(platform)) === 0);
    expect(seen.done).toHaveLength(1);
  });
});
