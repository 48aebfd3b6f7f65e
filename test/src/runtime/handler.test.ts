import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { NonRetryableError, RetryAfter } from '../../../src/job/index.ts';
import { envelope, reasonOf, record, reported, testBench } from './batchFixture.ts';

describe('a message that succeeds', () => {
  test('is not reported, and logs one line with its name, ID, attempt, duration and request', async () => {
    const { run, lines } = testBench({ run: () => 'done' });
    const response = await run([record(envelope('{}', { jobId: 'job-1' }), { messageId: 'm1' })]);
    expect(response).toEqual({ batchItemFailures: [] });
    expect(lines).toEqual([
      {
        level: 'INFO',
        message: 'succeeded',
        fields: {
          outcome: 'succeeded',
          jobId: 'job-1',
          attempt: 1,
          messageId: 'm1',
          requestId: 'request-1',
          durationMs: expect.any(Number),
        },
      },
    ]);
  });

  test('gives run the schema’s output, defaults and coercions applied', async () => {
    const payloads: unknown[] = [];
    const { run } = testBench({
      payload: z.object({ name: z._default(z.string(), 'Hank'), count: z.coerce.number() }),
      run: (payload) => void payloads.push(payload),
    });
    await run([record(envelope('{"count":"3"}'))]);
    expect(payloads).toEqual([{ name: 'Hank', count: 3 }]);
  });

  test('awaits an asynchronous schema', async () => {
    const payloads: unknown[] = [];
    const schema = {
      '~standard': { version: 1, vendor: 'test', validate: async (value: unknown) => ({ value: [value] }) },
    } as const;
    const { run } = testBench({ payload: schema, run: (payload) => void payloads.push(payload) });
    await run([record('1')]);
    expect(payloads).toEqual([[1]]);
  });

  test('carries its ID, attempt and the number of attempts into run', async () => {
    const contexts: unknown[] = [];
    const { run } = testBench({
      maxAttempts: 4,
      run: (_payload, { jobName, jobId, attempt, maxAttempts }) =>
        void contexts.push({ jobName, jobId, attempt, maxAttempts }),
    });
    await run([record(envelope('1', { jobId: 'given' }), { receiveCount: 3 })]);
    expect(contexts).toEqual([{ jobName: 'TestJob', jobId: 'given', attempt: 3, maxAttempts: 4 }]);
  });
});

describe("a job's ID", () => {
  const idOf = async (...parameters: Parameters<typeof record>) => {
    const ids: string[] = [];
    const { run } = testBench({ run: (_payload, { jobId }) => void ids.push(jobId) });
    await run([record(...parameters)]);
    return ids[0];
  };

  test('is the jobId attribute in the envelope', async () => {
    expect(await idOf(envelope('1', { jobId: 'given' }))).toBe('given');
  });

  test('else the envelope’s MessageId, which redrives keep', async () => {
    expect(await idOf(envelope('1', {}, 'envelope-1'))).toBe('envelope-1');
  });

  test('else the jobId attribute of a message sent straight to the queue', async () => {
    const messageAttributes = { jobId: { dataType: 'String' as const, stringValue: 'raw-1' } };
    expect(await idOf('1', { messageAttributes })).toBe('raw-1');
  });

  test('else SQS’s messageId', async () => {
    expect(await idOf('1', { messageId: 'sqs-1' })).toBe('sqs-1');
  });
});

describe('a message that fails', () => {
  test('is reported, becomes visible after retryDelay, and leaves its neighbours alone', async () => {
    const { run, delayed, lines } = testBench({
      retryDelay: '2m',
      run: (payload) => {
        if (payload === 'bad') throw new TypeError('no');
      },
    });
    const records = Array.from({ length: 10 }, (_, index) => record(index === 7 ? '"good"' : '"bad"'));
    const failed = records.filter((_, index) => index !== 7).map(({ messageId }) => messageId);
    expect(reported(await run(records))).toEqual(failed);
    expect(delayed.map(({ messageId, delaySeconds }) => [messageId, delaySeconds])).toEqual(
      failed.map((id) => [id, 120]),
    );
    expect(lines.filter(({ level }) => level === 'WARN')).toHaveLength(9);
    expect(lines.filter(({ message }) => message === 'succeeded')).toHaveLength(1);
  });

  test('is reported all the same when SQS refuses to change its visibility', async () => {
    const { run, lines } = testBench(
      { run: () => Promise.reject(new Error('no')) },
      { delay: () => Promise.reject(new Error('SQS is down')) },
    );
    expect(reported(await run([record('1', { messageId: 'm1' })]))).toEqual(['m1']);
    expect(lines[0]?.fields.delayError).toEqual(new Error('SQS is down'));
  });

  test('waits as long as RetryAfter says, once', async () => {
    const { run, delayed } = testBench({ run: () => Promise.reject(new RetryAfter('10m')) });
    await run([record('1')]);
    expect(delayed[0]?.delaySeconds).toBe(600);
  });

  test('never waits longer than SQS allows', async () => {
    const { run, delayed } = testBench({ run: () => Promise.reject(new RetryAfter('2d')) });
    await run([record('1')]);
    expect(delayed[0]?.delaySeconds).toBe(42_000);
  });

  test.each([['text'], [undefined], [null], [{ odd: true }]])(
    'may throw what is no Error: %p',
    async (thrown) => {
      const { run } = testBench({ run: () => Promise.reject(thrown) });
      expect(reported(await run([record('1', { messageId: 'm1' })]))).toEqual(['m1']);
    },
  );
});

/** What jobs should not throw, and dependencies do. */
const oddErrors: [string, () => unknown][] = [
  [
    'a cycle of causes',
    () =>
      Object.defineProperty(new Error('no'), 'cause', {
        get() {
          return this;
        },
        enumerable: true,
      }),
  ],
  [
    'a message that throws when it is read',
    () =>
      Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error('ha');
        },
      }),
  ],
  [
    'an enumerable getter that throws',
    () =>
      Object.defineProperty(new Error('no'), 'detail', {
        get() {
          throw new Error('ha');
        },
        enumerable: true,
      }),
  ],
  [
    'a toJSON that throws',
    () =>
      Object.assign(new Error('no'), {
        toJSON() {
          throw new Error('ha');
        },
      }),
  ],
  ['a stack that is a number', () => Object.assign(new Error('no'), { stack: 42 })],
  [
    'a proxy that refuses everything',
    () =>
      new Proxy(
        {},
        {
          getPrototypeOf() {
            throw new Error('ha');
          },
          get() {
            throw new Error('ha');
          },
        },
      ),
  ],
  ['an object without a prototype', () => Object.create(null)],
];

/** Powertools' own, which serialises what it is given, writing to nowhere. */
function realLogger(): Logger {
  const nowhere = { debug() {}, info() {}, warn() {}, error() {} };
  return Object.assign(new Logger(), { console: nowhere });
}

describe('a message whose error defies reading', () => {
  test.each(oddErrors)('such as %s is retried, and disturbs no neighbour', async (_what, oddError) => {
    const { run } = testBench(
      { run: (payload) => (payload === 'odd' ? Promise.reject(oddError()) : undefined) },
      { logger: realLogger() },
    );
    expect(reported(await run([record('"odd"', { messageId: 'odd' }), record('"fine"')]))).toEqual(['odd']);
  });

  test.each(oddErrors)(
    'such as %s is dead or reported after its last attempt, and disturbs no neighbour',
    async (_what, oddError) => {
      const { run, deadLetters } = testBench(
        { maxAttempts: 1, run: (payload) => (payload === 'odd' ? Promise.reject(oddError()) : undefined) },
        { logger: realLogger() },
      );
      const failed = reported(await run([record('"odd"', { messageId: 'odd' }), record('"fine"')]));
      expect(failed.length + deadLetters.length).toBe(1);
    },
  );
});

describe('a message that is dead', () => {
  test('goes to the dead-letter queue on its last attempt, body unchanged, reason attached, and is acknowledged', async () => {
    const { run, deadLetters, lines } = testBench({
      maxAttempts: 3,
      run: () => Promise.reject(new TypeError('no')),
    });
    const body = envelope('{"a":1}', { jobId: 'job-1' });
    expect(reported(await run([record(body, { receiveCount: 3 })]))).toEqual([]);
    expect(deadLetters[0]?.MessageBody).toBe(body);
    expect(reasonOf(deadLetters[0])).toMatchObject({
      name: 'TypeError',
      message: 'no',
      stack: expect.stringContaining('handler.test'),
      attempts: 3,
      jobName: 'TestJob',
      jobId: 'job-1',
      firstFailureAt: '2023-11-14T22:13:21.000Z',
      requestId: 'request-1',
      logGroup: 'group',
      logStream: 'stream',
    });
    expect(lines[0]).toMatchObject({ level: 'ERROR', message: 'dead', fields: { attempt: 3 } });
  });

  test.each([
    [
      'not retryable',
      '{}',
      () => Promise.reject(new NonRetryableError('invoice deleted')),
      'NonRetryableError',
    ],
    ['no JSON', 'garbage', () => undefined, 'InvalidMessageError'],
    ['empty', '', () => undefined, 'InvalidMessageError'],
    ['an envelope around garbage', envelope('garbage'), () => undefined, 'InvalidMessageError'],
  ])('at the first attempt when it is %s', async (_case, body, runJob, name) => {
    const { run, deadLetters, delayed } = testBench({ run: runJob });
    expect(reported(await run([record(body)]))).toEqual([]);
    expect(reasonOf(deadLetters[0])).toMatchObject({ name, attempts: 1 });
    expect(delayed).toEqual([]);
  });

  test.each([
    ['null'],
    ['7'],
    ['"text"'],
    ['{"friendName":7}'],
    ['[]'],
    [envelope(envelope('{"friendName":"a"}'))],
  ])('when its payload does not fit the schema: %s', async (body) => {
    const { run, deadLetters } = testBench({
      payload: z.object({ friendName: z.string() }),
      run: () => undefined,
    });
    expect(reported(await run([record(body)]))).toEqual([]);
    expect(reasonOf(deadLetters[0]).name).toBe('InvalidPayloadError');
  });

  test('says where the payload does not fit', async () => {
    const { run, deadLetters } = testBench({
      payload: z.object({ friends: z.array(z.object({ name: z.string() })) }),
      run: () => undefined,
    });
    await run([record('{"friends":[{"name":1}]}')]);
    expect(reasonOf(deadLetters[0]).message).toContain('friends.0.name: ');
  });

  test('is reported when the send to the dead-letter queue fails, so that nothing is lost', async () => {
    const { run, lines } = testBench(
      { maxAttempts: 1, run: () => Promise.reject(new Error('no')) },
      { sendDeadLetter: () => Promise.reject(new Error('SQS is down')) },
    );
    expect(reported(await run([record('1', { messageId: 'm1' })]))).toEqual(['m1']);
    expect(lines[0]?.message).toBe('dead, not yet sent');
  });

  test('is not run again when its last attempt ended without an outcome', async () => {
    let runs = 0;
    const { run, deadLetters } = testBench({ maxAttempts: 3, run: () => void runs++ });
    expect(reported(await run([record('1', { receiveCount: 4 })]))).toEqual([]);
    expect(runs).toBe(0);
    expect(reasonOf(deadLetters[0])).toMatchObject({ name: 'LostAttemptError', attempts: 3 });
  });

  test('keeps its own attributes, loses a stale reason, and keeps the ID it had without an envelope', async () => {
    const { run, deadLetters } = testBench({ run: () => Promise.reject(new NonRetryableError('no')) });
    const messageAttributes = {
      tenant: { dataType: 'String' as const, stringValue: 'a' },
      bytes: { dataType: 'Binary' as const, binaryValue: 'AQI=' },
      deadLetterReason: { dataType: 'String' as const, stringValue: '{"name":"Stale"}' },
    };
    await run([record('1', { messageId: 'm1', messageAttributes })]);
    expect(deadLetters[0]?.MessageAttributes).toMatchObject({
      tenant: { DataType: 'String', StringValue: 'a' },
      bytes: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2]) },
      jobId: { DataType: 'String', StringValue: 'm1' },
    });
    expect(reasonOf(deadLetters[0]).name).toBe('NonRetryableError');
  });

  test('with ten attributes of its own is left to the redrive policy, which is logged', async () => {
    const { run, deadLetters, lines } = testBench({ run: () => Promise.reject(new NonRetryableError('no')) });
    const messageAttributes = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [
        `a${index}`,
        { dataType: 'String' as const, stringValue: 'x' },
      ]),
    );
    expect(reported(await run([record('1', { messageId: 'm1', messageAttributes })]))).toEqual(['m1']);
    expect(deadLetters).toEqual([]);
    expect(lines[0]?.message).toBe('dead, not yet sent');
  });

  test('carries a reason SQS accepts, whatever characters the error has', async () => {
    const { run, deadLetters } = testBench({
      run: () => Promise.reject(new NonRetryableError('a\u0000b\uFFFFc\uD800')),
    });
    await run([record('1')]);
    const text = deadLetters[0]?.MessageAttributes.deadLetterReason?.StringValue;
    expect(text).not.toMatch(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u);
    expect(reasonOf(deadLetters[0]).message).toBe('a\u0000b\uFFFDc\uD800');
  });
});

describe('the deadline', () => {
  test('aborts what is unfinished and reports it; what finished stays finished', async () => {
    const aborted: string[] = [];
    const { run, lines } = testBench({
      run: (payload, { signal }) =>
        payload === 'slow'
          ? new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                aborted.push(signal.reason.name);
                reject(signal.reason);
              });
            })
          : payload === 'deaf'
            ? new Promise(() => undefined)
            : undefined,
    });
    const records = [
      record('"quick"'),
      record('"slow"', { messageId: 'slow' }),
      record('"deaf"', { messageId: 'deaf' }),
    ];
    expect(reported(await run(records, 600))).toEqual(['slow', 'deaf']);
    expect(aborted).toEqual(['DeadlineError']);
    expect(lines.map(({ message }) => message).sort()).toEqual(['retry', 'retry', 'succeeded']);
  });

  test('makes a last attempt a dead letter that says so', async () => {
    const { run, deadLetters } = testBench({ maxAttempts: 2, run: () => new Promise(() => undefined) });
    expect(reported(await run([record('1', { receiveCount: 2 })], 600))).toEqual([]);
    expect(reasonOf(deadLetters[0])).toMatchObject({ name: 'DeadlineError', attempts: 2 });
  });

  test('leaves no timer behind', async () => {
    const { run } = testBench({ run: () => undefined });
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    await run([record('1')]);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(before);
  });
});

describe('the handler', () => {
  test('has nothing to report for an empty batch', async () => {
    expect(await testBench({ run: () => undefined }).run([])).toEqual({ batchItemFailures: [] });
  });

  test('says what it takes when it is invoked with something else', async () => {
    const { run } = testBench({ run: () => undefined });
    await expect(run(undefined as never)).rejects.toThrow('no SQS event: publish to the topic');
  });

  test('does not let a payload named __proto__ touch anything', async () => {
    const payloads: unknown[] = [];
    const { run } = testBench({ run: (payload) => void payloads.push(payload) });
    await run([record('{"__proto__":{"polluted":true}}')]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(payloads).toHaveLength(1);
  });
});
