import { describe, expect, test } from '@jest/globals';
import { envelope, memoryOnce, reasonOf, record, reported, testBench } from './batchFixture.ts';

describe('an idempotent job', () => {
  test('runs once for a job ID, whatever delivers it again', async () => {
    let effects = 0;
    const { run } = testBench({ idempotency: {}, run: () => void effects++ }, { once: memoryOnce() });
    for (const receiveCount of [1, 2]) {
      expect(reported(await run([record(envelope('1', { jobId: 'job-1' }), { receiveCount })]))).toEqual([]);
    }
    expect(effects).toBe(1);
  });

  test('runs once for its own key', async () => {
    const effects: unknown[] = [];
    const { run } = testBench(
      {
        idempotency: { key: (payload) => String((payload as { invoice: number }).invoice) },
        run: (payload) => void effects.push(payload),
      },
      { once: memoryOnce() },
    );
    await run([record('{"invoice":1,"try":1}'), record('{"invoice":2,"try":1}')]);
    await run([record('{"invoice":1,"try":2}')]);
    expect(effects).toEqual([
      { invoice: 1, try: 1 },
      { invoice: 2, try: 1 },
    ]);
  });

  test('is tried again when it failed', async () => {
    let runs = 0;
    const { run } = testBench(
      { idempotency: {}, run: () => (++runs === 1 ? Promise.reject(new Error('no')) : 'done') },
      { once: memoryOnce() },
    );
    const body = envelope('1', { jobId: 'job-1' });
    expect(reported(await run([record(body, { messageId: 'm1' })]))).toEqual(['m1']);
    expect(reported(await run([record(body, { receiveCount: 2 })]))).toEqual([]);
    expect(runs).toBe(2);
  });

  test('asks again when the lease of the one that runs ends', async () => {
    const { run, delayed } = testBench(
      { idempotency: {}, run: () => new Promise((resolve) => setImmediate(resolve)) },
      { once: memoryOnce() },
    );
    const body = envelope('1', { jobId: 'job-1' });
    const records = [record(body), record(body, { messageId: 'duplicate' })];
    expect(reported(await run(records, 10_000))).toEqual(['duplicate']);
    expect(delayed).toEqual([expect.objectContaining({ messageId: 'duplicate', delaySeconds: 10 })]);
  });

  test('that was done before its process crashed is acknowledged, not dead', async () => {
    let now = 0;
    const once = memoryOnce(() => now);
    await once('job-1', { leaseMs: 1, log: console }, () => 'done');
    now = 60_000;
    const { run, deadLetters } = testBench({ maxAttempts: 2, idempotency: {}, run: () => 'again' }, { once });
    expect(reported(await run([record(envelope('1', { jobId: 'job-1' }), { receiveCount: 3 })]))).toEqual([]);
    expect(deadLetters).toEqual([]);
    await run([record(envelope('1', { jobId: 'job-2' }), { receiveCount: 3 })]);
    expect(reasonOf(deadLetters[0]).name).toBe('LostAttemptError');
  });
});
