import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { NonRetryableError, RetryAfter } from '../../../src/job/index.ts';
import { envelope, reasonOf, record, refuseDelays, reported, testBench } from './batchFixture.ts';

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
    expect(delayed.map(({ Id, VisibilityTimeout }) => [Id, VisibilityTimeout])).toEqual(
      failed.map((id) => [id, 120]),
    );
    expect(lines.filter(({ level }) => level === 'WARN')).toHaveLength(9);
    expect(lines.filter(({ message }) => message === 'succeeded')).toHaveLength(1);
  });

  test('is reported all the same when SQS refuses to change its visibility', async () => {
    const { run, lines } = testBench({ run: () => Promise.reject(new Error('no')) }, { delay: refuseDelays });
    expect(reported(await run([record('1', { messageId: 'm1' })]))).toEqual(['m1']);
    expect(lines[0]?.fields.delayError).toEqual(new Error('down'));
  });

  test('waits as long as RetryAfter says, once', async () => {
    const { run, delayed } = testBench({ run: () => Promise.reject(new RetryAfter('10m')) });
    await run([record('1')]);
    expect(delayed[0]?.VisibilityTimeout).toBe(600);
  });

  test('never waits longer than SQS allows', async () => {
    const { run, delayed } = testBench({ run: () => Promise.reject(new RetryAfter('2d')) });
    await run([record('1')]);
    expect(delayed[0]?.VisibilityTimeout).toBe(42_000);
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

  test('when SQS would delete it before its next attempt has ended, and says so', async () => {
    const hour = 3_600_000;
    const { run, deadLetters, delayed } = testBench({
      timeout: '15m',
      run: () => Promise.reject(new RetryAfter('12h', 'not open yet')),
    });
    const sentAgo = (hours: number) => {
      const { attributes } = record('1');
      return record('1', {
        messageId: `${hours}`,
        attributes: { ...attributes, SentTimestamp: `${Date.now() - hours * hour}` },
      });
    };
    // 96 hours are kept, less 11.7 to wait, a quarter for the run and two until its crash is noticed.
    expect(reported(await run([sentAgo(0), sentAgo(82), sentAgo(82.2), sentAgo(95)]))).toEqual(['0', '82']);
    expect(delayed.map(({ Id }) => Id)).toEqual(['0', '82']);
    expect(deadLetters).toHaveLength(2);
    expect(reasonOf(deadLetters[0])).toMatchObject({
      name: 'OutOfTimeError',
      message: 'would expire in 42000s: SQS keeps it 4d',
      stack: expect.stringMatching(/caused by: RetryAfter: not open yet/),
    });
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

  test('stays its tenant’s, by whom SQS is fair', async () => {
    const { run, deadLetters } = testBench({ run: () => Promise.reject(new NonRetryableError('no')) });
    const { attributes } = record('1');
    await run([record('1', { attributes: { ...attributes, MessageGroupId: 'tenant-7' } })]);
    expect(deadLetters[0]?.MessageGroupId).toBe('tenant-7');
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

describe('whatever is thrown', () => {
  const hostile = new Error('hidden');
  Object.defineProperty(hostile, 'message', {
    get() {
      throw new Error('no');
    },
  });
  const looped: Error & { cause?: unknown } = new Error('looped');
  looped.cause = looped;

  test.each<[string, unknown, object]>([
    ['null', null, { name: 'Error', message: 'null' }],
    ['undefined', undefined, { name: 'Error', message: 'undefined' }],
    ['a text', 'no', { name: 'Error', message: 'no' }],
    ['a symbol', Symbol('no'), { name: 'Error', message: 'Symbol(no)' }],
    ['an object', { code: 'E_NO' }, { name: 'Error', message: '{"code":"E_NO"}' }],
    ['an object like an error', { name: 'E', message: 'no' }, { name: 'E', message: 'no' }],
    ['an object without a prototype', Object.create(null), { name: 'Error', message: '{}' }],
    [
      'an error without a name',
      Object.assign(new Error('no'), { name: undefined }),
      { name: 'Error', message: 'no' },
    ],
    ['an error that cannot be read', hostile, { name: 'Error', message: 'what was thrown cannot be read' }],
    [
      'a proxy that throws',
      new Proxy({}, { get: () => hostile.message }),
      { message: 'what was thrown cannot be read' },
    ],
    ['an error that is its own cause', looped, { name: 'Error', message: 'looped' }],
  ])('is told in the log and beside the dead letter: %s', async (_, thrown, told) => {
    const { run, deadLetters, lines } = testBench({ maxAttempts: 2, run: () => Promise.reject(thrown) });
    expect(reported(await run([record('1', { messageId: 'm1' })]))).toEqual(['m1']);
    expect(lines[0]).toMatchObject({ message: 'retry', fields: { error: told } });
    expect(reported(await run([record('1', { receiveCount: 2 })]))).toEqual([]);
    expect(lines[1]).toMatchObject({ message: 'dead', fields: { error: told } });
    expect(reasonOf(deadLetters[0])).toMatchObject(told);
  });

  test('keeps its frames however long its message, and those of its cause', async () => {
    const cause = new TypeError('the root of it');
    const error = new Error('x'.repeat(5_000), { cause });
    const { run, deadLetters } = testBench({ maxAttempts: 1, run: () => Promise.reject(error) });
    await run([record('1')]);
    const { message, stack } = reasonOf(deadLetters[0]);
    expect(message).toHaveLength(1_000);
    expect(stack).toMatch(/^Error: x{1000}\n {4}at .*handler\.test/);
    expect(stack?.length).toBeLessThanOrEqual(3_000);
    const { run: runCause, deadLetters: letters } = testBench({
      maxAttempts: 1,
      run: () => Promise.reject(new Error('short', { cause })),
    });
    await runCause([record('1')]);
    expect(reasonOf(letters[0]).stack).toMatch(
      /^Error: short\n {4}at [\s\S]*\ncaused by: TypeError: the root of it\n {4}at /,
    );
  });
});

describe('a job that changes what it was given', () => {
  test('changes nothing about its outcome or its neighbours', async () => {
    const { run, lines, delayed } = testBench({
      maxAttempts: 3,
      run(payload, context) {
        if (payload === 'good') return;
        Object.assign(context, { log: undefined, maxAttempts: 0, attempt: 99, jobId: 'other' });
        throw new Error('no');
      },
    });
    const records = [record('"bad"', { messageId: 'bad' }), record('"good"')];
    expect(reported(await run(records))).toEqual(['bad']);
    expect(delayed.map(({ Id }) => Id)).toEqual(['bad']);
    expect(lines.map(({ message, fields }) => [message, fields.jobId]).sort()).toEqual([
      ['retry', 'bad'],
      ['succeeded', expect.any(String)],
    ]);
  });
});

describe('the deadline', () => {
  test('has the queue made ready for what is to be reported, and not before', async () => {
    let calls = 0;
    const prepare = () => void calls++;
    const quick = testBench({ run: () => undefined }, { prepare });
    await quick.run([record('1')]);
    expect(calls).toBe(0);
    const slow = testBench({ run: () => new Promise(() => undefined) }, { prepare });
    await slow.run([record('1')], 600);
    expect(calls).toBe(1);
  });

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
  test('takes a record without attributes, as a test event may be', async () => {
    const attempts: number[] = [];
    const { run } = testBench({ run: (_, { attempt }) => void attempts.push(attempt) });
    const { messageId, body } = record('1');
    expect(reported(await run([{ messageId, body } as never]))).toEqual([]);
    expect(attempts).toEqual([1]);
  });

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
