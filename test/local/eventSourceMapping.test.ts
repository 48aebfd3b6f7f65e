import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Engine, startEngine } from '../../local/engine/engine.ts';
import {
  type BatchOutcome,
  type EventSourceMapping,
  type MappingConfig,
  startEventSourceMapping,
} from '../../local/lambda/eventSourceMapping.ts';
import { createFunction, type LocalFunction } from '../../local/lambda/function.ts';
import { isRunning, until } from './lambdaProcesses.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Setup {
  engine: Engine;
  fn: LocalFunction;
  mapping: EventSourceMapping;
  config: MappingConfig;
  batches: BatchOutcome[];
  warnings: string[];
  logs: string[];
  send(...bodies: object[]): Promise<string[]>;
  counts(): Promise<{ visible: number; notVisible: number }>;
  /** The next batch that ends. */
  batch(): Promise<BatchOutcome>;
}

interface SetupOptions {
  speed?: number;
  timeoutSeconds?: number;
  queue?: Record<string, string>;
  mapping?: Partial<MappingConfig>;
  /** Sent before polling starts, so that they come in one batch. */
  before?: object[];
}

async function setup({
  speed = 1,
  timeoutSeconds = 10,
  queue = {},
  mapping = {},
  before = [],
}: SetupOptions = {}) {
  const engine = await startEngine({ port: 0, region: 'eu-west-1', speed });
  const QueueUrl = (await engine.sqs('CreateQueue', { QueueName: 'q', Attributes: queue })).QueueUrl;
  const batches: BatchOutcome[] = [];
  const warnings: string[] = [];
  const logs: string[] = [];
  const fn = createFunction(
    {
      functionName: 'jobs-dev-Test',
      functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:jobs-dev-Test',
      handler: 'batch.handler',
      codeDirectory: join(import.meta.dirname, 'fixtures/lambda'),
      timeoutSeconds,
      memoryMb: 128,
      environment: {},
      endpoint: engine.endpoint,
      region: 'eu-west-1',
    },
    { onLog: ({ text }) => logs.push(text) },
  );
  const config: MappingConfig = {
    queueName: 'q',
    batchSize: 10,
    batchWindowSeconds: 0,
    reportBatchItemFailures: true,
    enabled: true,
    ...mapping,
  };
  const send = async (...bodies: object[]) => {
    const ids: string[] = [];
    for (const body of bodies) {
      const sent = await engine.sqs('SendMessage', { QueueUrl, MessageBody: JSON.stringify(body) });
      ids.push(sent.MessageId);
    }
    return ids;
  };
  await send(...before);
  const started = startEventSourceMapping(config, engine, fn, {
    onBatch: (outcome) => batches.push(outcome),
    onWarning: (text) => warnings.push(text),
  });
  cleanups.push(
    () => engine.stop(),
    async () => {
      const { pids } = fn;
      await fn.stop({ drainMs: 0 });
      expect(pids.filter(isRunning)).toEqual([]);
    },
    () => started.stop(),
  );
  const batch = async () => {
    const seen = batches.length;
    await until(() => batches.length > seen);
    return batches[seen] as BatchOutcome;
  };
  const counts = async () => {
    const { visible = -1, notVisible = -1 } = (await engine.queueCounts('q')) ?? {};
    return { visible, notVisible };
  };
  return {
    engine,
    fn,
    mapping: started,
    config,
    batches,
    warnings,
    logs,
    send,
    counts,
    batch,
  } satisfies Setup;
}

const EMPTY = { visible: 0, notVisible: 0 };

test('a record is as Lambda delivers it', async () => {
  const { engine, logs, batch } = await setup();
  const { MessageId } = await engine.sqs('SendMessage', {
    QueueUrl: engine.queueUrl('q'),
    MessageBody: '{"do":"record"}',
    MessageAttributes: {
      jobName: { DataType: 'String', StringValue: 'A' },
      raw: { DataType: 'Binary', BinaryValue: Buffer.from('bytes').toString('base64') },
    },
  });
  await batch();
  await until(() => logs.length > 0);
  const { Records } = JSON.parse(logs[0] ?? '');
  expect(Records).toEqual([
    {
      messageId: MessageId,
      receiptHandle: expect.any(String),
      body: '{"do":"record"}',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {
        jobName: { stringValue: 'A', dataType: 'String', stringListValues: [], binaryListValues: [] },
        raw: { binaryValue: 'Ynl0ZXM=', dataType: 'Binary', stringListValues: [], binaryListValues: [] },
      },
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: 'aws:sqs',
      eventSourceARN: engine.queueArn('q'),
      awsRegion: 'eu-west-1',
    },
  ]);
});

describe('with ReportBatchItemFailures', () => {
  test.each([
    [undefined],
    [null],
    [{}],
    [{ batchItemFailures: [] }],
    [{ batchItemFailures: null }],
    [{ batchitemfailures: [{ itemIdentifier: 'x' }] }],
  ])('%j deletes the whole batch', async (answer) => {
    const { counts, batch } = await setup({ before: [{ answer, n: 1 }, { n: 2 }] });
    expect(await batch()).toMatchObject({ failedMessageIds: [], result: { status: 'ok' } });
    expect(await counts()).toEqual(EMPTY);
  });

  test.each([
    ['a text'],
    [{ batchItemFailures: 'x' }],
    [{ batchItemFailures: [{ itemIdentifier: '' }] }],
    [{ batchItemFailures: [{ itemIdentifier: null }] }],
    [{ batchItemFailures: [{ itemIdentifier: 5 }] }],
    [{ batchItemFailures: [{ ItemIdentifier: 'x' }] }],
    [{ batchItemFailures: ['x'] }],
    [{ batchItemFailures: [null] }],
    [{ batchItemFailures: [{ itemIdentifier: 'no message of this batch' }] }],
  ])('%j fails the whole batch', async (answer) => {
    const { counts, batch } = await setup({ before: [{ answer }, { n: 2 }] });
    const outcome = await batch();
    expect(outcome.failedMessageIds).toHaveLength(2);
    expect(outcome.invalidResponse).toEqual(expect.any(String));
    expect(await counts()).toEqual({ visible: 0, notVisible: 2 });
  });

  test('the reported messages alone come back', async () => {
    const { counts, batch, batches } = await setup({
      queue: { VisibilityTimeout: '1' },
      before: [{ do: 'failEvens', n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }],
    });
    const first = await batch();
    expect(first.messageIds).toHaveLength(4);
    expect(first.failedMessageIds).toEqual([first.messageIds[1], first.messageIds[3]]);
    await until(async () => batches.slice(1).flatMap(({ messageIds }) => messageIds).length === 2);
    const again = batches.slice(1).flatMap(({ messageIds }) => messageIds);
    expect(new Set(again)).toEqual(new Set(first.failedMessageIds));
    await until(async () => (await counts()).notVisible === 0);
    expect(await counts()).toEqual(EMPTY);
  });

  test.each([
    ['throw', 'Error'],
    ['hang', 'Sandbox.Timedout'],
  ])('%s fails the whole batch', async (how, errorType) => {
    const { counts, batch } = await setup({ timeoutSeconds: 1, before: [{ do: how }, { n: 2 }] });
    const outcome = await batch();
    expect(outcome.result).toMatchObject({ status: 'error', errorType });
    expect(outcome.failedMessageIds).toHaveLength(2);
    expect(outcome.invalidResponse).toBeUndefined();
    expect(await counts()).toEqual({ visible: 0, notVisible: 2 });
  });
});

test('without ReportBatchItemFailures the response is ignored: what was reported is deleted too', async () => {
  const { counts, batch } = await setup({
    mapping: { reportBatchItemFailures: false },
    before: [{ do: 'failEvens', n: 2 }, { n: 4 }],
  });
  expect((await batch()).failedMessageIds).toEqual([]);
  expect(await counts()).toEqual(EMPTY);
});

test('a batch above 10 is collected from several receives within its window', async () => {
  const { batch, send, counts } = await setup({ mapping: { batchSize: 25, batchWindowSeconds: 5 } });
  const startedMs = performance.now();
  await send(...Array.from({ length: 20 }, (_, n) => ({ n })));
  const ended = batch();
  await send(...Array.from({ length: 5 }, (_, n) => ({ n })));
  expect((await ended).messageIds).toHaveLength(25);
  expect(performance.now() - startedMs).toBeLessThan(4_500); // full before the window's end
  expect(await counts()).toEqual(EMPTY);
});

test('a window that does not fill ends', async () => {
  const { batch, send } = await setup({ mapping: { batchSize: 10, batchWindowSeconds: 1 } });
  const startedMs = performance.now();
  const ended = batch();
  await send({ n: 1 });
  expect((await ended).messageIds).toHaveLength(1);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1_000);
});

test('an event never exceeds 6 MB', async () => {
  const text = 'x'.repeat(900_000);
  const { batches, counts } = await setup({
    before: Array.from({ length: 10 }, (_, n) => ({ n, text })),
  });
  await until(() => batches.flatMap(({ messageIds }) => messageIds).length === 10);
  expect(batches.map(({ messageIds }) => messageIds.length).sort()).toEqual([4, 6]);
  expect(await counts()).toEqual(EMPTY);
});

test.each([
  [undefined, 5],
  [2, 2],
  [7, 7],
  [1_000, 20],
])('maximum concurrency %p runs %p batches at once', async (maxConcurrency, expected) => {
  const { fn, warnings, batches } = await setup({
    mapping: { batchSize: 1, ...(maxConcurrency && { maxConcurrency }) },
    before: Array.from({ length: expected + 3 }, () => ({ do: 'sleep', ms: 800 })),
  });
  await until(() => fn.busy === expected);
  let most = 0;
  await until(() => {
    most = Math.max(most, fn.busy);
    return batches.length === expected + 3;
  }, 20_000);
  expect(most).toBe(expected);
  expect(warnings.length).toBe(maxConcurrency === 1_000 ? 1 : 0);
});

describe('at speed 30', () => {
  test('a message does not come back while its function runs, and soon after it failed', async () => {
    // 30 s of visibility are 1 s here; the function takes 2 s of real time.
    const { batches, counts, send } = await setup({
      speed: 30,
      queue: { VisibilityTimeout: '30' },
      timeoutSeconds: 2,
    });
    await send({ do: 'hang' });
    await until(async () => (await counts()).notVisible === 1);
    await until(async () => {
      expect(batches.length > 0 || (await counts()).visible === 0).toBe(true);
      return batches.length > 0;
    });
    expect(batches[0]?.result.durationMs).toBeGreaterThanOrEqual(1_990);
    const failedAtMs = performance.now();
    await until(() => batches.length > 1);
    expect(performance.now() - failedAtMs).toBeGreaterThanOrEqual(2_900); // 1 s, then 2 s of running
    expect(performance.now() - failedAtMs).toBeLessThan(6_000);
  });

  test('what the handler chose for a failed message stays', async () => {
    const { engine, batch, send } = await setup({ speed: 30, queue: { VisibilityTimeout: '60' } });
    const ended = batch();
    await send({ do: 'changeVisibility', seconds: 6_000 });
    expect((await ended).failedMessageIds).toHaveLength(1);
    const [message] = (await engine.inspectQueue('q'))?.notVisible ?? [];
    const visibleInMs = (message?.visibleAtMs ?? 0) - Date.now();
    expect(visibleInMs).toBeGreaterThan(195_000);
    expect(visibleInMs).toBeLessThanOrEqual(200_000);
  });
});

test('at speed 1 the visibility timeout is the queue’s own', async () => {
  const { engine, fn, send } = await setup({ queue: { VisibilityTimeout: '100' } });
  await send({ do: 'sleep', ms: 500 });
  await until(() => fn.busy === 1);
  const [message] = (await engine.inspectQueue('q'))?.notVisible ?? [];
  expect((message?.visibleAtMs ?? 0) - Date.now()).toBeGreaterThan(95_000);
  expect((message?.visibleAtMs ?? 0) - Date.now()).toBeLessThanOrEqual(100_000);
});

test('a waiting mapping takes a message at once', async () => {
  const { batch, send } = await setup();
  const warm = batch();
  await send({ n: 0 });
  await warm;
  const latencies: number[] = [];
  for (let n = 0; n < 20; n++) {
    const startedMs = performance.now();
    const ended = batch();
    await send({ n });
    await ended;
    latencies.push(performance.now() - startedMs);
  }
  // `until` looks every 10 ms; a poll that waited for its next round would take up to a second.
  expect(latencies.sort((a, b) => a - b)[10]).toBeLessThan(100);
});

test('a deleted queue is told once, and polling goes on when it is back', async () => {
  const { engine, warnings, batch, send } = await setup();
  await engine.sqs('DeleteQueue', { QueueUrl: engine.queueUrl('q') });
  await until(() => warnings.length === 1);
  expect(warnings[0]).toMatch(/^Polling q failed, retrying: .*does not exist/);
  await engine.sqs('CreateQueue', { QueueName: 'q' });
  const ended = batch();
  await send({ n: 1 });
  expect((await ended).messageIds).toHaveLength(1);
  expect(warnings).toHaveLength(1);
});

test('disabled it receives nothing; an update enables it', async () => {
  const { mapping, config, counts, batches, send } = await setup({ mapping: { enabled: false } });
  await send({ n: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(await counts()).toEqual({ visible: 1, notVisible: 0 });
  expect(batches).toEqual([]);
  mapping.update({ ...config, enabled: true });
  await until(() => batches.length === 1);
});

test('stop takes about a second when idle, waits for what is in flight, and receives no more', async () => {
  const { mapping, fn, counts, batches, send } = await setup();
  await send({ do: 'sleep', ms: 1_500 });
  await until(() => fn.busy === 1);
  await mapping.stop();
  expect(batches).toHaveLength(1);
  expect(await counts()).toEqual(EMPTY);
  await send({ n: 1 });
  expect(await counts()).toEqual({ visible: 1, notVisible: 0 });

  const idle = await setup();
  const startedMs = performance.now();
  await idle.mapping.stop();
  expect(performance.now() - startedMs).toBeLessThan(1_500);
});

test('many messages all arrive, once each', async () => {
  const { batches, counts, send } = await setup({ mapping: { enabled: true } });
  const ids = await send(...Array.from({ length: 2_000 }, (_, n) => ({ n })));
  await until(
    () => batches.reduce((sum, { messageIds }) => sum + messageIds.length, 0) >= ids.length,
    20_000,
  );
  const seen = batches.flatMap(({ messageIds }) => messageIds);
  expect(seen).toHaveLength(ids.length);
  expect(new Set(seen)).toEqual(new Set(ids));
  await until(async () => (await counts()).notVisible === 0);
});
