import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type AnyJob, defineJob, type JobContext } from '../../../src/job/index.ts';
import { createStatusStore, type StatusStore } from '../../../src/tracking/store.ts';
import { dynamoTracker } from '../../../src/tracking/tracker.ts';
import { startWorker, type Worker, type WorkerOptions } from '../../../src/worker/worker.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { startTestTable, type TestTable } from '../tracking/testTable.ts';
import { queueName, startPlatform, type TestPlatform } from './platform.ts';

let table: TestTable;
let store: StatusStore;
beforeAll(async () => {
  table = await startTestTable();
  store = createStatusStore({ tableName: table.tableName, client: table.client });
});
afterAll(() => table.close());

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let prefixes = 0;

/** A platform with one message, whose job has an ID of its own. */
async function platformWithMessage(
  visibilityTimeoutSeconds = 3,
): Promise<{ platform: TestPlatform; jobId: string }> {
  const platform = await startPlatform({ visibilityTimeoutSeconds });
  cleanups.push(() => platform.stop());
  const jobId = `worker-job-${++prefixes}`;
  const MessageAttributes = { jobId: { Type: 'String', Value: jobId } };
  await platform.sendBody(
    JSON.stringify({
      Type: 'Notification',
      MessageId: jobId,
      TopicArn: 'topic',
      Message: '{}',
      MessageAttributes,
    }),
  );
  return { platform, jobId };
}

function start(platform: TestPlatform, run: AnyJob['run'], options: Partial<WorkerOptions> = {}): Worker {
  const { queueUrl, deadLetterQueueUrl, clientConfig } = platform;
  const quiet = () => {};
  const worker = startWorker({
    job: defineJob({ track: true, timeout: '30s', retryDelay: '10m', run }),
    name: 'TestJob',
    tracker: dynamoTracker('TestJob', { tableName: table.tableName, client: table.client }),
    queueUrl,
    deadLetterQueueUrl,
    clientConfig,
    visibilityTimeoutSeconds: 3,
    stopTimeoutMs: 1000,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    ...options,
  });
  cleanups.push(async () => {
    // Does not wait for messages that a poll in flight may still bring.
    const endPolls = setInterval(() => platform.engine.endLongPolls(queueName), 10);
    await worker.stop().finally(() => clearInterval(endPolls));
  });
  return worker;
}

async function states(jobId: string): Promise<string[]> {
  return (await store.get(jobId))?.history.map(({ state }) => state) ?? [];
}

const obedient = (_: unknown, { signal }: JobContext) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('a tracked job in a worker', () => {
  test('that is interrupted by a stop is retrying at once, and goes on in the next worker', async () => {
    const { platform, jobId } = await platformWithMessage();
    const worker = start(platform, obedient, { stopTimeoutMs: 100 });
    await until(async () => (await store.get(jobId))?.state === 'running');
    await worker.stop();
    const status = await store.get(jobId);
    expect(status).toMatchObject({ state: 'retrying', reason: { name: 'WorkerStoppedError' } });
    expect(Date.parse(status?.nextAttemptAt ?? '')).toBe(Date.parse(status?.updatedAt ?? ''));
    start(platform, () => 'done');
    await until(async () => (await store.get(jobId))?.state === 'succeeded');
    expect(await store.get(jobId)).toMatchObject({ attempt: 2, result: 'done' });
    await until(async () => (await platform.queue()).notVisible.length === 0);
  });

  test('keeps saying that it runs, never for longer than its message is out of sight', async () => {
    const { platform, jobId } = await platformWithMessage();
    const ended = Promise.withResolvers<string>();
    start(platform, () => ended.promise);
    const leases = new Set<number>();
    await until(async () => {
      await sleep(100);
      const { leaseEndsAt } = (await table.item(jobId)) ?? {};
      if (leaseEndsAt !== undefined) {
        expect(leaseEndsAt - Date.now()).toBeLessThanOrEqual(2400);
        leases.add(leaseEndsAt);
      }
      return leases.size >= 3;
    });
    expect(await states(jobId)).toEqual(['running']);
    ended.resolve('done');
    await until(async () => (await store.get(jobId))?.state === 'succeeded');
  });

  test('says nothing of a run whose message is somebody else’s by now', async () => {
    const { platform, jobId } = await platformWithMessage(1);
    const settled = Promise.withResolvers<unknown>();
    start(platform, obedient, { visibilityTimeoutSeconds: 1, onSettled: settled.resolve });
    await until(async () => (await store.get(jobId))?.state === 'running');
    // Neither do heartbeats come through, nor is the message received once more.
    platform.engine.setFaults(({ action }) =>
      /^(ChangeMessageVisibility|ReceiveMessage)/.test(action)
        ? { kind: 'error', status: 503, code: 'ServiceUnavailable' }
        : undefined,
    );
    platform.engine.endLongPolls(queueName);
    expect(await settled.promise).toMatchObject({ outcome: { kind: 'retry' } });
    const { state, history = [] } = (await table.item(jobId)) ?? {};
    expect([state, history.length]).toEqual(['running', 1]);
  });

  test('that is cancelled is aborted, acknowledged and no dead letter', async () => {
    const { platform, jobId } = await platformWithMessage();
    start(platform, obedient);
    await until(async () => (await store.get(jobId))?.state === 'running');
    await store.cancel(jobId);
    await until(async () => (await store.get(jobId))?.state === 'cancelled');
    await until(async () => (await platform.queue()).notVisible.length === 0);
    const { visible, delayed = [] } = (await platform.queue()) as { visible: unknown[]; delayed?: unknown[] };
    expect([visible, delayed, (await platform.deadLetters()).visible]).toEqual([[], [], []]);
  });
});
