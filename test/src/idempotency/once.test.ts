import { describe, expect, test } from '@jest/globals';
import type { SQSMessageAttributes } from 'aws-lambda';
import { keyedOnce } from '../../../src/idempotency/once.ts';
import { AlreadyRunningError, type Once } from '../../../src/runtime/once.ts';
import {
  envelope,
  memoryKeys,
  memoryOnce,
  reasonOf,
  record,
  reported,
  testBench,
} from '../runtime/batchFixture.ts';

describe('an idempotent job', () => {
  test('runs once for a job ID, whatever delivers it again', async () => {
    let effects = 0;
    const { run } = testBench({ run: () => void effects++ }, { once: memoryOnce() });
    for (const receiveCount of [1, 2]) {
      expect(reported(await run([record(envelope('1', { jobId: 'job-1' }), { receiveCount })]))).toEqual([]);
    }
    expect(effects).toBe(1);
  });

  test('runs once for its own key', async () => {
    const effects: unknown[] = [];
    const { run } = testBench(
      { run: (payload) => void effects.push(payload) },
      { once: memoryOnce({ key: (payload) => String((payload as { invoice: number }).invoice) }) },
    );
    await run([record('{"invoice":1,"try":1}'), record('{"invoice":2,"try":1}')]);
    await run([record('{"invoice":1,"try":2}')]);
    expect(effects).toEqual([
      { invoice: 1, try: 1 },
      { invoice: 2, try: 1 },
    ]);
  });

  test.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['an empty text', () => ''],
    ['a number', () => 7],
    ['a promise', async () => 'key'],
  ])('whose key gives %s is dead and not run: all such messages would be one', async (_, key) => {
    let runs = 0;
    const once = memoryOnce({ key: key as () => string });
    const { run, deadLetters } = testBench({ run: () => void runs++ }, { once });
    expect(reported(await run([record('{}')]))).toEqual([]);
    expect(runs).toBe(0);
    expect(reasonOf(deadLetters[0])).toMatchObject({
      name: 'NonRetryableError',
      message: expect.stringMatching(/^idempotency\.key must give a text, at once/),
    });
  });

  test('is tried again when it failed', async () => {
    let runs = 0;
    const { run } = testBench(
      { run: () => (++runs === 1 ? Promise.reject(new Error('no')) : 'done') },
      { once: memoryOnce() },
    );
    const body = envelope('1', { jobId: 'job-1' });
    expect(reported(await run([record(body, { messageId: 'm1' })]))).toEqual(['m1']);
    expect(reported(await run([record(body, { receiveCount: 2 })]))).toEqual([]);
    expect(runs).toBe(2);
  });

  test('has a duplicate of one that runs wait until its lease ends, as a copy that keeps its attempts', async () => {
    const { run, sentAgain, delayed, lines } = testBench(
      { maxAttempts: 3, run: () => new Promise((resolve) => setImmediate(resolve)) },
      { once: memoryOnce() },
    );
    const body = envelope('1', { jobId: 'job-1' });
    const attributes = {
      ...record(body).attributes,
      MessageGroupId: 'tenant-7',
      ApproximateReceiveCount: '3',
    };
    const duplicate = record(body, { messageId: 'duplicate', attributes });
    expect(reported(await run([record(body), duplicate], 10_000))).toEqual([]);
    expect(delayed).toEqual([]);
    const attemptsMade = { DataType: 'String', StringValue: expect.stringMatching(/^2@\d{13}@1$/) };
    expect(sentAgain).toEqual([
      {
        MessageBody: body,
        MessageAttributes: { attemptsMade },
        MessageGroupId: 'tenant-7',
        DelaySeconds: 10,
      },
    ]);
    expect(lines.map(({ fields }) => fields.outcome)).toEqual([undefined, 'succeeded', 'postponed']);
  });

  test('counts the attempts of the message that its copy waited for', async () => {
    const attempts: number[] = [];
    const { run, deadLetters } = testBench(
      {
        maxAttempts: 3,
        run(_, { attempt }) {
          attempts.push(attempt);
          throw new Error('no');
        },
      },
      { once: memoryOnce() },
    );
    const stringValue = `1@${Date.now()}`;
    const messageAttributes = { attemptsMade: { dataType: 'String' as const, stringValue } };
    for (const receiveCount of [1, 2]) {
      await run([record('1', { messageId: 'copy', receiveCount, messageAttributes })]);
    }
    expect(attempts).toEqual([2, 3]);
    expect(Object.keys(deadLetters[0]?.MessageAttributes ?? {}).sort()).toEqual([
      'deadLetterReason',
      'jobId',
    ]);
  });

  test('begins its attempts anew where that copy died, and came back by a move of the whole queue', async () => {
    const attempts: number[] = [];
    const { run } = testBench({ run: (_, { attempt }) => void attempts.push(attempt) });
    for (const stringValue of [`5@${Date.now() - 3_600_000}`, '5', 'x@y', '']) {
      const messageAttributes = { attemptsMade: { dataType: 'String' as const, stringValue } };
      await run([record('1', { messageAttributes })]);
    }
    expect(attempts).toEqual([1, 1, 1, 1]);
  });

  test('is copied so often only that Lambda does not take it for a loop', async () => {
    const busy: Once = keyedOnce(() => Promise.reject(new AlreadyRunningError(60)), {});
    const { run, sentAgain, delayed } = testBench({ run() {} }, { once: busy });
    let messageAttributes: SQSMessageAttributes = {};
    for (let pass = 0; pass < 20 && delayed.length === 0; pass += 1) {
      await run([record('1', { messageAttributes })]);
      messageAttributes = Object.fromEntries(
        Object.entries(sentAgain.at(-1)?.MessageAttributes ?? {}).map(([name, { StringValue = '' }]) => [
          name,
          { dataType: 'String', stringValue: StringValue },
        ]),
      );
    }
    expect([sentAgain.length, delayed.length]).toEqual([12, 1]);
  });

  test('waits by its visibility, and burns an attempt by that, where its copy cannot be sent', async () => {
    const { run, delayed, lines } = testBench(
      { maxAttempts: 1, run: () => new Promise((resolve) => setImmediate(resolve)) },
      { once: memoryOnce(), sendAgain: () => Promise.reject(new Error('SQS is down')) },
    );
    const body = envelope('1', { jobId: 'job-1' });
    const records = [record(body), record(body, { messageId: 'duplicate' })];
    expect(reported(await run(records, 10_000))).toEqual(['duplicate']);
    expect(delayed).toEqual([expect.objectContaining({ Id: 'duplicate', VisibilityTimeout: 10 })]);
    expect(lines[0]).toMatchObject({
      level: 'WARN',
      message: 'it waits for the same job without a copy, so that the wait counts as an attempt',
    });
  });

  test('that was done before its process crashed is acknowledged, not dead', async () => {
    let now = 0;
    const keyed = memoryKeys(() => now);
    await keyed('job-1', { leaseMs: 1, log: console }, () => 'done');
    const once = keyedOnce(keyed, {});
    now = 60_000;
    const { run, deadLetters } = testBench({ maxAttempts: 2, run: () => 'again' }, { once });
    expect(reported(await run([record(envelope('1', { jobId: 'job-1' }), { receiveCount: 3 })]))).toEqual([]);
    expect(deadLetters).toEqual([]);
    await run([record(envelope('1', { jobId: 'job-2' }), { receiveCount: 3 })]);
    expect(reasonOf(deadLetters[0]).name).toBe('LostAttemptError');
  });
});
