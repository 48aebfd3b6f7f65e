import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CancelledError, NonRetryableError, RetryAfter } from '../../../src/job/index.ts';
import type { JobStatus } from '../../../src/job/jobStatus.ts';
import { createStatusStore, type StatusStore } from '../../../src/tracking/store.ts';
import { systemTimerClock } from '../../../src/tracking/throttle.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { startTestBucket, type TestBucket } from '../files/testBucket.ts';
import { memoryOnce, reasonOf, refuseDelays, reported } from '../runtime/batchFixture.ts';
import { TestClock } from './testClock.ts';
import { startTestTable, type TestTable } from './testTable.ts';
import { batchWithDeadline, delivery, firstSentAt, trackedBench } from './trackedFixture.ts';

let table: TestTable;
let bucket: TestBucket;
let clock: TestClock;
let store: StatusStore;
let jobs = 0;
let jobId: string;

beforeAll(async () => {
  bucket = await startTestBucket();
  table = await startTestTable();
});
afterAll(async () => {
  await table.close();
  await bucket.close();
});
beforeEach(() => {
  clock = new TestClock();
  store = createStatusStore({ tableName: table.tableName, client: table.client, now: clock.now });
  jobId = `job-${++jobs}`;
  table.reset();
});

type Bench = Parameters<typeof trackedBench>[2];
const bench = (options: Bench, parts?: Parameters<typeof trackedBench>[3]) =>
  trackedBench(table, clock, options, parts);
const status = async () => (await store.get(jobId)) as JobStatus;
const states = async () => (await status()).history.map(({ state }) => state);

/** A job that runs until it is told how to end. */
function heldJob() {
  const started = Promise.withResolvers<AbortSignal>();
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const run: Bench['run'] = (_, { signal }) => {
    started.resolve(signal);
    return promise;
  };
  return { run, started: started.promise, resolve, reject };
}

/** A job that listens to its signal. */
const obedient: Bench['run'] = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

describe('a tracked job', () => {
  test('is running, then succeeded with its result, by two writes and no read', async () => {
    await store.queue({ jobId, jobName: 'TestJob', maxAttempts: 3 });
    table.calls.length = 0;
    const job = heldJob();
    const { run } = bench({ run: job.run });
    const running = run([delivery(jobId)]);
    await job.started;
    await clock.advance(500);
    expect(await status()).toMatchObject({
      state: 'running',
      attempt: 1,
      maxAttempts: 3,
      startedAt: clock.iso(-500),
    });
    job.resolve({ pages: [1, null, 0.1] });
    expect(reported(await running)).toEqual([]);
    expect(table.calls.filter((call) => call !== 'Get')).toEqual(['Update', 'Update']);
    expect(await status()).toMatchObject({ state: 'succeeded', result: { pages: [1, null, 0.1] } });
    expect(await states()).toEqual(['queued', 'running', 'succeeded']);
  });

  test('costs its success path exactly two writes', async () => {
    const { run, lines } = bench({ run: (_, { progress }) => progress(0.5, 'half') });
    await run([delivery(jobId)]);
    // One for the progress, since it was said.
    expect(table.calls).toEqual(['Update', 'Update', 'Update']);
    table.calls.length = 0;
    await bench({ run: () => 'done' }).run([delivery(`${jobId}-plain`)]);
    expect(table.calls).toEqual(['Update', 'Update']);
    expect(lines.map(({ message }) => message)).toEqual(['succeeded']);
  });

  test('that was published straight to the topic gets its record when it begins', async () => {
    const publishedAt = '2026-01-01T11:59:58.5Z';
    await bench({ run: () => 1 }).run([delivery(jobId, { publishedAt })]);
    expect(await status()).toMatchObject({
      state: 'succeeded',
      createdAt: '2026-01-01T11:59:58.500Z',
      result: 1,
    });
    expect((await store.list({ jobName: 'TestJob' })).jobs.map((job) => job.jobId)).toContain(jobId);
    const other = `${jobId}-other`;
    for (const wrong of [undefined, 'yesterday', '2026-99-99T00:00:00Z', '', '2026-01-01']) {
      await bench({ run: () => 1 }).run([
        delivery(`${other}-${wrong}`, {
          sentAt: firstSentAt + 9_999_000,
          ...(wrong === undefined ? {} : { publishedAt: wrong }),
        }),
      ]);
      expect((await table.item(`${other}-${wrong}`))?.createdAt).toBe(
        new Date(firstSentAt + 9_999_000).toISOString(),
      );
    }
  });

  test('keeps its owner, its place in the list and its birth whatever delivers it', async () => {
    await store.queue({ jobId, jobName: 'TestJob', owner: 'ida' });
    const { listKey, createdAt } = (await table.item(jobId)) ?? {};
    expect(listKey).toBe('ida#TestJob');
    const failing = bench({ run: () => Promise.reject(new Error('no')) });
    await clock.advance(60_000);
    for (const receiveCount of [1, 2, 3]) {
      await failing.run([delivery(jobId, { receiveCount, publishedAt: '2020-01-01T00:00:00Z' })]);
      expect(await table.item(jobId)).toMatchObject({ listKey, createdAt, owner: 'ida' });
    }
  });

  test('that fails is retrying with its reason and when it goes on, then dead with its letter', async () => {
    const { run, deadLetters } = bench({
      retryDelay: '30s',
      run: (_, { attempt }) => {
        throw attempt === 1 ? new TypeError('x'.repeat(5000)) : new NonRetryableError('gone');
      },
    });
    await run([delivery(jobId)]);
    expect(await status()).toMatchObject({
      state: 'retrying',
      attempt: 1,
      nextAttemptAt: clock.iso(30_000),
      reason: { name: 'TypeError', message: 'x'.repeat(1000) },
    });
    await run([delivery(jobId, { receiveCount: 2 })]);
    expect(deadLetters).toHaveLength(1);
    const reason = { name: 'NonRetryableError', message: 'gone' };
    const dead = await status();
    expect(dead).toMatchObject({ state: 'dead', attempt: 2, reason, endedAt: clock.iso() });
    expect(dead).not.toHaveProperty('nextAttemptAt');
    expect(dead.history.map(({ state, attempt }) => [state, attempt])).toEqual([
      ['running', 1],
      ['retrying', 1],
      ['running', 2],
      ['dead', 2],
    ]);
    expect(dead.history[3]?.reason).toEqual(reason);
  });

  test('is retrying without a time when SQS refused the delay', async () => {
    const { run } = bench({ run: () => Promise.reject(new Error('no')) }, { delay: refuseDelays });
    await run([delivery(jobId)]);
    expect(await status()).toMatchObject({ state: 'retrying' });
    expect(await status()).not.toHaveProperty('nextAttemptAt');
  });

  test('is not called dead before its letter is sent', async () => {
    const { run } = bench(
      { run: () => Promise.reject(new NonRetryableError('no')) },
      { sendDeadLetter: () => Promise.reject(new Error('down')) },
    );
    expect(reported(await run([delivery(jobId)]))).toHaveLength(1);
    expect(await status()).toMatchObject({ state: 'running' });
    await clock.advance(16_000);
    expect(await status()).toMatchObject({ state: 'retrying', reason: { name: 'LostAttemptError' } });
  });

  test('whose payload cannot be read is dead without ever having run', async () => {
    await store.queue({ jobId, jobName: 'TestJob' });
    await bench({ run: () => 1 }).run([delivery(jobId, { payload: '{' })]);
    expect(await states()).toEqual(['queued', 'dead']);
    expect((await status()).reason?.name).toBe('InvalidMessageError');
  });

  test('whose last attempt was lost is dead without running again', async () => {
    const { run, deadLetters } = bench({ run: () => 1 });
    await store.queue({ jobId, jobName: 'TestJob' });
    await run([delivery(jobId, { receiveCount: 4 })]);
    expect(reasonOf(deadLetters[0]).name).toBe('LostAttemptError');
    expect(await states()).toEqual(['queued', 'dead']);
  });

  test('that is redriven leaves dead, and a late duplicate does not lead it out', async () => {
    let fails = true;
    const { run } = bench({ run: () => (fails ? Promise.reject(new NonRetryableError('no')) : 'mended') });
    await run([delivery(jobId, { receiveCount: 2 })]);
    expect((await status()).state).toBe('dead');
    await run([delivery(jobId, { receiveCount: 1 })]);
    expect(await states()).toEqual(['running', 'dead']);
    fails = false;
    await run([delivery(jobId, { sentAt: firstSentAt + 999_000 })]);
    expect(await status()).toMatchObject({ state: 'succeeded', result: 'mended' });
    expect(await status()).not.toHaveProperty('reason');
  });

  test('that succeeded is left alone by whatever comes later', async () => {
    await bench({ run: () => 'first' }).run([delivery(jobId)]);
    const before = await table.item(jobId);
    let runs = 0;
    const later = bench({ run: () => (++runs === 1 ? 'second' : Promise.reject(new Error('no'))) });
    await later.run([delivery(jobId, { receiveCount: 2 })]);
    await later.run([delivery(jobId, { sentAt: firstSentAt + 9_999_000 })]);
    expect(runs).toBe(2);
    expect(await table.item(jobId)).toEqual(before);
  });

  test('that is taken over is written by whoever has taken it over, or when the first succeeds', async () => {
    const [first, second] = [heldJob(), heldJob()];
    const slow = bench({ run: first.run }).run([delivery(jobId)]);
    await first.started;
    const next = bench({ run: second.run }).run([delivery(jobId, { receiveCount: 2 })]);
    await second.started;
    first.reject(new Error('too late'));
    await slow;
    expect(await status()).toMatchObject({ state: 'running', attempt: 2 });
    second.resolve('done');
    await next;
    expect(await status()).toMatchObject({ state: 'succeeded', attempt: 2 });

    const [third, fourth] = [heldJob(), heldJob()];
    jobId = `${jobId}-again`;
    const done = bench({ run: third.run }).run([delivery(jobId)]);
    await third.started;
    const overtaking = bench({ run: fourth.run }).run([delivery(jobId, { receiveCount: 2 })]);
    await fourth.started;
    third.resolve('of the first');
    await done;
    expect(await status()).toMatchObject({ state: 'succeeded', result: 'of the first' });
    fourth.reject(new Error('no'));
    await overtaking;
    expect(await status()).toMatchObject({ state: 'succeeded', result: 'of the first' });
  });

  test('whose process is killed reads as retrying when its lease is over, and goes on from there', async () => {
    const job = heldJob();
    void bench({ run: job.run }).run([delivery(jobId)], 2_000_000);
    await job.started;
    const { leaseEndsAt = 0 } = (await table.item(jobId)) ?? {};
    expect(Math.abs(leaseEndsAt - clock.now() - 2_000_000)).toBeLessThan(1000);
    await clock.advance(2_000_000 - 2000);
    expect((await status()).state).toBe('running');
    await clock.advance(4000);
    expect(await status()).toMatchObject({ state: 'retrying', reason: { name: 'LostAttemptError' } });
    await bench({ run: () => 'taken over' }).run([delivery(jobId, { receiveCount: 2 })]);
    expect(await status()).toMatchObject({ state: 'succeeded', attempt: 2 });
    job.resolve(undefined);
  });

  test('is not about another job that has the same ID', async () => {
    await store.queue({ jobId, jobName: 'OtherJob' });
    const before = await table.item(jobId);
    const { run, lines } = bench({ run: (_, { progress }) => progress(0.5) });
    expect(reported(await run([delivery(jobId)]))).toEqual([]);
    expect(await table.item(jobId)).toEqual(before);
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['WARN', 'not tracked: a job of another name has the same jobId'],
      ['INFO', 'succeeded'],
    ]);
  });

  test('knows its own write again when its answer was lost', async () => {
    table.repeatsWrites = true;
    const { run } = bench({ run: () => Promise.reject(new RetryAfter('1m')) });
    await run([delivery(jobId)]);
    expect(await states()).toEqual(['running', 'retrying']);
  });

  test('remembers the newest 50 states', async () => {
    const { run } = bench({ maxAttempts: 100, run: () => Promise.reject(new Error('no')) });
    for (let receiveCount = 1; receiveCount <= 30; receiveCount++)
      await run([delivery(jobId, { receiveCount })]);
    expect((await status()).history).toHaveLength(50);
    expect((await table.item(jobId))?.history.length).toBeLessThanOrEqual(51);
    expect((await status()).history.at(-1)).toMatchObject({ state: 'retrying', attempt: 30 });
  });
});

describe('the progress of a tracked job', () => {
  test('is written at most once a second, the newest with its end', async () => {
    const job = heldJob();
    const said: (number | undefined)[] = [];
    table.before = async (call) => {
      if (call === 'Update') said.push((await table.item(jobId))?.progress?.fraction);
    };
    const { run } = bench({
      run: async (payload, context) => {
        for (let percent = 0; percent < 90; percent++) context.progress(percent / 100, `${percent} of 100`);
        return job.run(payload, context);
      },
    });
    const running = run([delivery(jobId)]);
    await job.started;
    await until(async () => (await status()).progress?.fraction === 0);
    await clock.advance(999);
    expect((await status()).progress?.fraction).toBe(0);
    await clock.advance(1);
    await until(async () => (await status()).progress?.fraction === 0.89);
    expect((await status()).progress).toEqual({ fraction: 0.89, text: '89 of 100', at: expect.any(String) });
    job.resolve('done');
    await running;
    expect(table.calls.filter((call) => call === 'Update')).toHaveLength(4);
  });

  test('that was said last goes along with its success', async () => {
    await bench({
      run: (_, { progress }) => {
        progress(0);
        progress(1, 'all of it');
      },
    }).run([delivery(jobId)]);
    expect(await status()).toMatchObject({
      state: 'succeeded',
      progress: { fraction: 1, text: 'all of it' },
    });
    expect(clock.timers).toBe(0);
  });

  test.each([Number.NaN, -0.01, 1.01, Number.POSITIVE_INFINITY, undefined as never])(
    'cannot be %s: the attempt fails',
    async (fraction) => {
      const { run, lines } = bench({ run: (_, { progress }) => progress(fraction) });
      expect(reported(await run([delivery(`${jobId}`)]))).toHaveLength(1);
      expect(lines.map(({ message }) => message)).toEqual(['retry']);
      const message = expect.stringContaining(`progress must be 0 to 1, was ${fraction}`);
      expect((await status()).reason).toEqual({ name: 'RangeError', message });
    },
  );

  test('has a text of at most 200 characters, whole ones', async () => {
    await bench({ run: (_, { progress }) => progress(0.1 + 0.2, `${'😀'.repeat(300)}`) }).run([
      delivery(jobId),
    ]);
    expect((await status()).progress?.text).toBe('😀'.repeat(200));
  });

  test('begins anew with each attempt', async () => {
    const job = heldJob();
    const { run } = bench({
      run: (payload, context) => {
        if (context.attempt > 1) return job.run(payload, context);
        context.progress(0.9);
        throw new Error('no');
      },
    });
    await run([delivery(jobId)]);
    expect((await status()).progress?.fraction).toBe(0.9);
    const second = run([delivery(jobId, { receiveCount: 2 })]);
    await job.started;
    expect(await status()).not.toHaveProperty('progress');
    job.resolve(1);
    await second;
  });
});

describe('a job that is cancelled', () => {
  test('before it runs never runs, and is acknowledged without a dead letter', async () => {
    await store.queue({ jobId, jobName: 'TestJob' });
    expect(await store.cancel(jobId)).toMatchObject({ state: 'cancelled' });
    let runs = 0;
    const { run, lines, deadLetters, delayed } = bench({ run: () => ++runs });
    for (const receiveCount of [1, 4]) {
      expect(reported(await run([delivery(jobId, { receiveCount })]))).toEqual([]);
    }
    expect(reported(await run([delivery(jobId, { payload: '{', receiveCount: 2 })]))).toEqual([]);
    expect([runs, deadLetters, delayed]).toEqual([0, [], []]);
    expect(lines.map(({ level, message }) => [level, message])).toEqual(Array(3).fill(['INFO', 'cancelled']));
    expect(await states()).toEqual(['queued', 'cancelled']);
  });

  test('while it waits for its next attempt has none', async () => {
    const { run, deadLetters } = bench({ run: () => Promise.reject(new Error('no')) });
    await run([delivery(jobId)]);
    expect(await store.cancel(jobId)).toMatchObject({ state: 'cancelled' });
    expect(reported(await run([delivery(jobId, { receiveCount: 2 })]))).toEqual([]);
    expect(deadLetters).toEqual([]);
    expect(await states()).toEqual(['running', 'retrying', 'cancelled']);
  });

  test('while it runs has its signal aborted within two seconds, and ends as cancelled when it throws', async () => {
    const reasons: unknown[] = [];
    const { run, lines, deadLetters } = bench({
      maxAttempts: 1,
      run: (payload, context) => {
        context.signal.addEventListener('abort', () => reasons.push(context.signal.reason));
        return obedient(payload, context);
      },
    });
    const running = run([delivery(jobId)]);
    await until(async () => (await store.get(jobId))?.state === 'running');
    expect(await store.cancel(jobId)).toMatchObject({ state: 'running', isCancelRequested: true });
    expect(reasons).toEqual([]);
    await clock.advance(2000);
    expect(reported(await running)).toEqual([]);
    expect(reasons).toEqual([expect.any(CancelledError)]);
    expect(deadLetters).toEqual([]);
    expect(lines.map(({ level, message }) => [level, message])).toEqual([['INFO', 'cancelled']]);
    expect(await status()).toMatchObject({ state: 'cancelled', endedAt: clock.iso() });
    expect(await status()).not.toHaveProperty('isCancelRequested');
  });

  test('hears of it by the answer to its progress, too', async () => {
    const job = heldJob();
    const { run } = bench({
      run: async (payload, context) => {
        await job.run(payload, context);
        context.progress(0.5);
        return obedient(payload, context);
      },
    });
    const running = run([delivery(jobId)]);
    await job.started;
    await store.cancel(jobId);
    table.calls.length = 0;
    job.resolve(undefined);
    await running;
    expect(table.calls).toEqual(['Update', 'Update']);
    expect((await status()).state).toBe('cancelled');
  });

  test('right after its progress is heard of within two seconds, by one read', async () => {
    const job = heldJob();
    const { run } = bench({
      run: async (payload, context) => {
        await job.run(payload, context);
        context.progress(0.5);
        return obedient(payload, context);
      },
    });
    const running = run([delivery(jobId)]);
    await job.started;
    await clock.advance(10);
    job.resolve(undefined);
    await until(async () => (await status()).progress !== undefined);
    await store.cancel(jobId);
    table.calls.length = 0;
    await clock.advance(2000);
    expect(reported(await running)).toEqual([]);
    expect(table.calls).toEqual(['Get', 'Update']);
    expect((await status()).state).toBe('cancelled');
  });

  test('and returns all the same has succeeded', async () => {
    const job = heldJob();
    const running = bench({ run: job.run }).run([delivery(jobId)]);
    const signal = await job.started;
    await store.cancel(jobId);
    await clock.advance(2000);
    await until(() => signal.aborted);
    job.resolve('done anyway');
    await running;
    expect(await status()).toMatchObject({ state: 'succeeded', result: 'done anyway' });
    expect(await store.cancel(jobId)).toMatchObject({ state: 'succeeded' });
  });

  test('and fails before it has heard of it is not tried again', async () => {
    const job = heldJob();
    const { run } = bench({ run: job.run });
    const running = run([delivery(jobId)]);
    await job.started;
    await store.cancel(jobId);
    job.reject(new Error('no'));
    await running;
    expect(await states()).toEqual(['running', 'cancelled']);
    expect(reported(await run([delivery(jobId, { receiveCount: 2 })]))).toEqual([]);
  });

  test('and whose process was killed is cancelled by its next delivery', async () => {
    const job = heldJob();
    void bench({ run: job.run }).run([delivery(jobId)], 60_000);
    await job.started;
    await store.cancel(jobId);
    let runs = 0;
    const { run } = bench({ run: () => ++runs });
    expect(reported(await run([delivery(jobId, { receiveCount: 2 })]))).toEqual([]);
    expect([runs, (await status()).state]).toEqual([0, 'cancelled']);
    job.resolve(undefined);
  });

  test('and ignores that ends as cancelled when its time is over', async () => {
    const job = heldJob();
    const { deadline, deadLetters, kept } = batchWithDeadline(
      table,
      clock,
      { maxAttempts: 1, run: job.run },
      [delivery(jobId)],
    );
    const signal = await job.started;
    await store.cancel(jobId);
    await clock.advance(2000);
    await until(() => signal.aborted);
    deadline.abort(new Error('its time is over'));
    expect(await kept).toEqual([]);
    expect(deadLetters).toEqual([]);
    expect((await status()).state).toBe('cancelled');
    job.resolve('too late');
  });

  test('asks nothing of DynamoDB while it is shorter than two seconds', async () => {
    const job = heldJob();
    const running = bench({ run: job.run }).run([delivery(jobId)]);
    await job.started;
    await clock.advance(1999);
    job.resolve(1);
    await running;
    expect(table.calls).toEqual(['Update', 'Update']);
  });
});

describe('the signal of a batch', () => {
  test('is each job’s own: cancelling one leaves the others alone, and the deadline reaches all', async () => {
    const signals = new Map<string, AbortSignal>();
    const run: Bench['run'] = (payload, context) => {
      signals.set(context.jobId, context.signal);
      return obedient(payload, context);
    };
    const other = `${jobId}-other`;
    const records = [delivery(jobId), delivery(other)];
    const { deadline, kept } = batchWithDeadline(table, clock, { run }, records);
    await until(() => signals.size === 2);
    await store.cancel(jobId);
    await clock.advance(2000);
    await until(() => signals.get(jobId)?.aborted === true);
    expect(signals.get(other)?.aborted).toBe(false);
    const reason = new Error('its time is over');
    deadline.abort(reason);
    expect(await kept).toEqual([delivery(other).messageId]);
    expect(signals.get(other)?.reason).toBe(reason);
    expect([(await status()).state, (await store.get(other))?.state]).toEqual(['cancelled', 'retrying']);
  });
});

describe('a result', () => {
  test('of more than 100 KB lies in the files bucket, and its key in the status', async () => {
    const text = 'ö'.repeat(60_000);
    await bench({ run: () => ({ text }) }).run([delivery(jobId)]);
    const { state, resultKey, result } = await status();
    expect([state, resultKey, result]).toEqual(['succeeded', `results/TestJob/${jobId}.json`, undefined]);
    const { body, contentType } = await bucket.get(resultKey ?? '');
    expect(contentType).toBe('application/json');
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({ text });
  });

  test('of 100 KB lies in the status', async () => {
    const text = 'x'.repeat(100 * 1024 - 2);
    await bench({ run: () => text }).run([delivery(jobId)]);
    expect((await status()).result).toBe(text);
  });

  test('that S3 does not take is absent, and the job has succeeded', async () => {
    bucket.fault = (_, answer) => void answer.writeHead(403).end();
    const { run, lines } = bench({ run: () => 'x'.repeat(200_000) });
    expect(reported(await run([delivery(jobId)]))).toEqual([]);
    bucket.fault = undefined;
    expect(await status()).toMatchObject({ state: 'succeeded' });
    expect(await status()).not.toHaveProperty('resultKey');
    expect(lines.map(({ level }) => level).sort()).toEqual(['INFO', 'WARN']);
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  test.each<[string, unknown, number]>([
    ['a BigInt', 1n, 1],
    ['a cycle', cycle, 1],
    ['a function', () => 1, 1],
    ['nothing', undefined, 0],
  ])('that is %s is absent, with a warning where something is lost', async (_, result, warnings) => {
    const { run, lines } = bench({ run: () => result });
    expect(reported(await run([delivery(jobId)]))).toEqual([]);
    expect(await status()).toMatchObject({ state: 'succeeded' });
    expect(await status()).not.toHaveProperty('result');
    expect(lines.filter(({ level }) => level === 'WARN')).toHaveLength(warnings);
  });
});

describe('an idempotent tracked job', () => {
  test('whose duplicate is acknowledged with its stored result is recorded as succeeded, too', async () => {
    const once = memoryOnce({ key: () => 'same' });
    const { run } = bench({ run: () => 'the result' }, { once });
    const other = `${jobId}-other`;
    await store.queue({ jobId: other, jobName: 'TestJob' });
    await run([delivery(jobId)]);
    await run([delivery(other)]);
    expect(await store.get(other)).toMatchObject({ state: 'succeeded', result: 'the result' });
    expect((await store.get(other))?.history.map(({ state }) => state)).toEqual(['queued', 'succeeded']);
  });

  test('is not moved by a duplicate that waits for it', async () => {
    const once = memoryOnce();
    const job = heldJob();
    const first = bench({ run: job.run }, { once });
    const running = first.run([delivery(jobId)]);
    await job.started;
    expect(reported(await first.run([delivery(jobId, { receiveCount: 2 })]))).toEqual([]);
    expect(first.sentAgain).toHaveLength(1);
    expect(await states()).toEqual(['running']);
    job.resolve(1);
    await running;
    expect(await states()).toEqual(['running', 'succeeded']);
  });

  test('that is cancelled frees its key', async () => {
    const once = memoryOnce({ key: () => 'same' });
    const { run } = bench({ run: () => 'ran' }, { once });
    await store.queue({ jobId, jobName: 'TestJob' });
    await store.cancel(jobId);
    await run([delivery(jobId)]);
    const other = `${jobId}-other`;
    await run([delivery(other)]);
    expect(await store.get(other)).toMatchObject({ state: 'succeeded', result: 'ran' });
  });
});

describe('when DynamoDB', () => {
  test('fails, the job runs and is acknowledged, with warnings', async () => {
    table.before = () => {
      throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    };
    const { run, lines } = bench({ run: () => 'done' });
    expect(reported(await run([delivery(jobId)]))).toEqual([]);
    expect(lines.map(({ level, message }) => [level, message]).sort()).toEqual([
      ['INFO', 'succeeded'],
      ['WARN', 'its status was not recorded: running'],
      ['WARN', 'its status was not recorded: succeeded'],
    ]);
  });

  test('hangs, a batch is reported before its function is killed', async () => {
    table.before = () => new Promise(() => {});
    const { run, lines } = trackedBench(table, systemTimerClock, { run: () => 'done' });
    const startedAt = performance.now();
    expect(reported(await run([delivery(jobId), delivery(`${jobId}-2`)], 1500))).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(lines.filter(({ message }) => message === 'succeeded')).toHaveLength(2);
  });

  test('was away when the job began, its success is recorded all the same', async () => {
    const fault = { isOn: true };
    table.before = () => {
      if (fault.isOn) throw new Error('socket hang up');
    };
    const { run } = bench({
      run() {
        fault.isOn = false;
      },
    });
    await run([delivery(jobId)]);
    expect(await states()).toEqual(['succeeded']);
  });

  test('does not tell what refused a write, as a local one may, it is read', async () => {
    table.tellsRefusals = false;
    await store.queue({ jobId, jobName: 'TestJob' });
    await store.cancel(jobId);
    let runs = 0;
    const { run } = bench({ run: () => ++runs });
    expect(reported(await run([delivery(jobId)]))).toEqual([]);
    expect([runs, (await status()).state]).toEqual([0, 'cancelled']);
  });
});
