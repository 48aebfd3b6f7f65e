import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import {
  type BatchOutcome,
  type EventSourceMapping,
  type MappingConfig,
  startEventSourceMapping,
} from '../../../../local/aws/lambda/eventSourceMapping.ts';
import { createFunction, type LocalFunction } from '../../../../local/aws/lambda/function.ts';
import { isRunning, until } from './processes.ts';

/** For whatever is awaited, so that a slow machine breaks nothing; a test may await several such things. */
const patienceMs = 60_000;
jest.setTimeout(3 * patienceMs);

/** One engine and one function for all tests at speed 1; each has a queue of its own. */
let engine: Engine;
let fn: LocalFunction;
let logs: string[] = [];
beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'eu-west-1', speed: 1 });
  fn = functionOf(engine, 10);
});
afterAll(async () => {
  await stopFunction(fn);
  await engine.stop();
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  logs = [];
});

interface Setup {
  queueName: string;
  engine: Engine;
  fn: LocalFunction;
  mapping: EventSourceMapping;
  config: MappingConfig;
  batches: BatchOutcome[];
  warnings: string[];
  send(...bodies: object[]): Promise<string[]>;
  counts(): Promise<{ visible: number; notVisible: number }>;
  /** The next batch that ends. */
  batch(): Promise<BatchOutcome>;
}

interface SetupOptions {
  /** Other than the one that is shared. */
  fastEngine?: Engine;
  /** Other than the one that is shared; stopped after the test. */
  otherFn?: LocalFunction;
  queue?: Record<string, string>;
  mapping?: Partial<MappingConfig>;
  /** Sent before polling starts, so that they come in one batch. */
  before?: object[];
}

let queues = 0;

async function setup({ fastEngine, otherFn, queue = {}, mapping = {}, before = [] }: SetupOptions = {}) {
  const on = fastEngine ?? engine;
  const runs = otherFn ?? fn;
  const queueName = `q${++queues}`;
  const { QueueUrl } = await on.sqs('CreateQueue', { QueueName: queueName, Attributes: queue });
  const batches: BatchOutcome[] = [];
  const warnings: string[] = [];
  const config: MappingConfig = {
    queueName,
    batchSize: 10,
    batchWindowSeconds: 0,
    reportBatchItemFailures: true,
    enabled: true,
    ...mapping,
  };
  const send = async (...bodies: object[]) => {
    const ids: string[] = [];
    for (const body of bodies) {
      const sent = await on.sqs('SendMessage', { QueueUrl, MessageBody: JSON.stringify(body) });
      ids.push(sent.MessageId);
    }
    return ids;
  };
  await send(...before);
  const started = startEventSourceMapping(config, on, runs, {
    onBatch: (outcome) => batches.push(outcome),
    onWarning: (text) => warnings.push(text),
  });
  cleanups.push(async () => {
    // The mapping waits for what its function runs.
    await Promise.all([started.stop(), otherFn && stopFunction(otherFn)]);
  });
  const batch = async () => {
    const seen = batches.length;
    await until(() => batches.length > seen, patienceMs);
    return batches[seen] as BatchOutcome;
  };
  const counts = async () => {
    const { visible = -1, notVisible = -1 } = (await on.queueCounts(queueName)) ?? {};
    return { visible, notVisible };
  };
  return {
    queueName,
    engine: on,
    fn: runs,
    mapping: started,
    config,
    batches,
    warnings,
    send,
    counts,
    batch,
  } satisfies Setup;
}

/** A function in a process, as it is on the platform. */
function functionOf({ endpoint, region }: Engine, timeoutSeconds: number): LocalFunction {
  return createFunction(
    {
      functionName: 'jobs-dev-Test',
      functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:jobs-dev-Test',
      handler: 'batch.handler',
      codeDirectory: join(import.meta.dirname, '../fixtures/lambda'),
      timeoutSeconds,
      memoryMb: 128,
      environment: {},
      endpoint,
      region,
    },
    { onLog: ({ text }) => logs.push(text) },
  );
}

async function stopFunction(one: LocalFunction): Promise<void> {
  const { pids } = one;
  await one.stop({ drainMs: 0 });
  expect(pids.filter(isRunning)).toEqual([]);
}

/** In this process, where only the mapping matters: its invocations end when they are let go. */
function heldFunction() {
  const letGo = Promise.withResolvers<void>();
  let busy = 0;
  let most = 0;
  const held: LocalFunction = {
    functionName: 'held',
    timeoutSeconds: 10,
    async invoke() {
      most = Math.max(most, ++busy);
      await letGo.promise;
      busy -= 1;
      return { status: 'ok', payload: 'null', requestId: 'r', durationMs: 1, coldStart: false };
    },
    get busy() {
      return busy;
    },
    remainingMs: 0,
    sandboxes: 0,
    errors: 0,
    pids: [],
    update: () => undefined,
    stop: async () => letGo.resolve(),
  };
  return { held, letGo: letGo.resolve, most: () => most };
}

const EMPTY = { visible: 0, notVisible: 0 };

test('a record is as Lambda delivers it', async () => {
  const { queueName, batch } = await setup();
  const ended = batch();
  const { MessageId } = await engine.sqs('SendMessage', {
    QueueUrl: engine.queueUrl(queueName),
    MessageBody: '{"do":"record"}',
    MessageAttributes: {
      jobName: { DataType: 'String', StringValue: 'A' },
      raw: { DataType: 'Binary', BinaryValue: Buffer.from('bytes').toString('base64') },
    },
  });
  await ended;
  await until(() => logs.length > 0, patienceMs);
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
      eventSourceARN: engine.queueArn(queueName),
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
    await until(() => batches.slice(1).flatMap(({ messageIds }) => messageIds).length === 2, patienceMs);
    const again = batches.slice(1).flatMap(({ messageIds }) => messageIds);
    expect(new Set(again)).toEqual(new Set(first.failedMessageIds));
    await until(async () => (await counts()).notVisible === 0, patienceMs);
    expect(await counts()).toEqual(EMPTY);
  });

  test.each([
    ['throw', 'Error'],
    ['hang', 'Sandbox.Timedout'],
  ])('%s fails the whole batch', async (how, errorType) => {
    const { counts, batch } = await setup({
      otherFn: functionOf(engine, 1),
      before: [{ do: how }, { n: 2 }],
    });
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
  // The window is longer than the test may take: the batch goes when it is full.
  const { batch, send, counts } = await setup({ mapping: { batchSize: 25, batchWindowSeconds: 300 } });
  await send(...Array.from({ length: 20 }, (_, n) => ({ n })));
  const ended = batch();
  await send(...Array.from({ length: 5 }, (_, n) => ({ n })));
  expect((await ended).messageIds).toHaveLength(25);
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
  await until(() => batches.flatMap(({ messageIds }) => messageIds).length === 10, patienceMs);
  expect(batches.map(({ messageIds }) => messageIds.length).sort()).toEqual([4, 6]);
  expect(await counts()).toEqual(EMPTY);
});

test.each([
  [undefined, 5],
  [2, 2],
  [7, 7],
  [1_000, 20],
])('maximum concurrency %p runs %p batches at once', async (maxConcurrency, expected) => {
  const { held, letGo, most } = heldFunction();
  const { warnings, batches, counts } = await setup({
    otherFn: held,
    mapping: { batchSize: 1, ...(maxConcurrency && { maxConcurrency }) },
    before: Array.from({ length: expected + 3 }, (_, n) => ({ n })),
  });
  await until(() => held.busy === expected, patienceMs);
  // A mapping with room for one more would take it in the time of one look.
  for (let look = 0; look < 20; look++) expect(await counts()).toEqual({ visible: 3, notVisible: expected });
  letGo();
  await until(() => batches.length === expected + 3, patienceMs);
  expect(most()).toBe(expected);
  expect(warnings.length).toBe(maxConcurrency === 1_000 ? 1 : 0);
});

describe('at speed 30', () => {
  let fastEngine: Engine;
  beforeAll(async () => {
    fastEngine = await startEngine({ port: 0, region: 'eu-west-1', speed: 30 });
  });
  afterAll(() => fastEngine.stop());

  test('a message does not come back while its function runs, and soon after it failed', async () => {
    // 30 s of visibility are 1 s here; the function takes 2 s of real time.
    const { fn, batches, counts, send } = await setup({
      fastEngine,
      otherFn: functionOf(fastEngine, 2),
      queue: { VisibilityTimeout: '30' },
    });
    await send({ do: 'hang' });
    await until(async () => (await counts()).notVisible === 1, patienceMs);
    await until(async () => {
      expect(batches.length > 0 || (await counts()).visible === 0).toBe(true);
      return batches.length > 0;
    }, patienceMs);
    expect(batches[0]?.result.durationMs).toBeGreaterThanOrEqual(1_990);
    const failedAtMs = performance.now();
    await until(() => fn.busy === 1, patienceMs);
    expect(performance.now() - failedAtMs).toBeGreaterThanOrEqual(900);
    // Held for the function's time-out and 15 s, it would have come after 15 s.
    expect(performance.now() - failedAtMs).toBeLessThan(14_000);
  });

  test('what the handler chose for a failed message stays', async () => {
    const { queueName, batch, send } = await setup({
      fastEngine,
      otherFn: functionOf(fastEngine, 60),
      queue: { VisibilityTimeout: '60' },
    });
    const ended = batch();
    await send({ do: 'changeVisibility', seconds: 30_000 });
    expect((await ended).failedMessageIds).toHaveLength(1);
    const [message] = (await fastEngine.inspectQueue(queueName))?.notVisible ?? [];
    const visibleInMs = (message?.visibleAtMs ?? 0) - Date.now();
    expect(visibleInMs).toBeGreaterThan(900_000);
    expect(visibleInMs).toBeLessThanOrEqual(1_000_000);
  });
});

test('at speed 1 the visibility timeout is the queue’s own', async () => {
  const { held } = heldFunction();
  const { queueName, send } = await setup({ otherFn: held, queue: { VisibilityTimeout: '1000' } });
  await send({ n: 1 });
  await until(() => held.busy === 1, patienceMs);
  const [message] = (await engine.inspectQueue(queueName))?.notVisible ?? [];
  expect((message?.visibleAtMs ?? 0) - Date.now()).toBeGreaterThan(900_000);
  expect((message?.visibleAtMs ?? 0) - Date.now()).toBeLessThanOrEqual(1_000_000);
});

test('a waiting mapping takes a message at once', async () => {
  const { batch, send } = await setup();
  const latencies: number[] = [];
  for (let n = 0; n < 10; n++) {
    const startedMs = performance.now();
    const ended = batch();
    await send({ n });
    await ended;
    latencies.push(performance.now() - startedMs);
  }
  // A poll that waited for its next round would take about a second each time, on any machine.
  expect(Math.min(...latencies)).toBeLessThan(500);
});

test('a deleted queue is told once, and polling goes on when it is back', async () => {
  const { queueName, warnings, batch, send } = await setup();
  await engine.sqs('DeleteQueue', { QueueUrl: engine.queueUrl(queueName) });
  await until(() => warnings.length === 1, patienceMs);
  expect(warnings[0]).toMatch(/^Polling q\d+ failed, retrying: .*does not exist/);
  await engine.sqs('CreateQueue', { QueueName: queueName });
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
  await until(() => batches.length === 1, patienceMs);
});

test('stop waits for what is in flight, and receives no more', async () => {
  const { held, letGo } = heldFunction();
  const { mapping, counts, batches, send } = await setup({ otherFn: held });
  await send({ n: 1 });
  await until(() => held.busy === 1, patienceMs);
  await engine.sqs('ListQueues', {}); // after the receive that goes on meanwhile
  let isStopped = false;
  const stopping = mapping.stop().then(() => {
    isStopped = true;
  });
  await send({ n: 2 });
  // What a mapping that still receives would take in the time of one look.
  for (let look = 0; look < 20; look++) expect(await counts()).toEqual({ visible: 1, notVisible: 1 });
  expect(isStopped).toBe(false);
  letGo();
  await stopping;
  expect(batches).toHaveLength(1);
  expect(await counts()).toEqual({ visible: 1, notVisible: 0 });
});

test('stop does not wait for the end of a poll', async () => {
  const stopsMs: number[] = [];
  for (let n = 0; n < 5; n++) {
    const { mapping, batch, send } = await setup();
    const ended = batch();
    await send({ n }); // so that the next poll has just begun
    await ended;
    const startedMs = performance.now();
    await mapping.stop();
    stopsMs.push(performance.now() - startedMs);
  }
  // One that waits would take about a second each time, on any machine.
  expect(Math.min(...stopsMs)).toBeLessThan(500);
});

test('many messages all arrive, once each', async () => {
  const { batches, counts, send } = await setup();
  const ids = await send(...Array.from({ length: 500 }, (_, n) => ({ n })));
  const seen = () => batches.flatMap(({ messageIds }) => messageIds);
  await until(() => seen().length >= ids.length, patienceMs);
  expect(seen()).toHaveLength(ids.length);
  expect(new Set(seen())).toEqual(new Set(ids));
  await until(async () => (await counts()).notVisible === 0, patienceMs);
});
