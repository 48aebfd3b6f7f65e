import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import {
  createFunction,
  type FunctionConfig,
  type InvokeResult,
  type LocalFunction,
  type LogLine,
} from '../../../../local/aws/lambda/function.ts';
import type { ResponseStream } from '../../../../local/aws/lambda/runtimeApi.ts';
import { isRunning, until } from './processes.ts';

const logs: LogLine[] = [];
const shared = start();
const others: LocalFunction[] = [];

afterEach(async () => {
  await Promise.all(others.splice(0).map((fn) => fn.stop({ drainMs: 0 })));
  logs.length = 0;
});
afterAll(() => shared.stop({ drainMs: 0 }));

function start(overrides: Partial<FunctionConfig> = {}): LocalFunction {
  const config: FunctionConfig = {
    functionName: 'streams',
    functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:streams',
    handler: 'streaming.handler',
    codeDirectory: join(import.meta.dirname, '../fixtures/lambda'),
    timeoutSeconds: 20,
    memoryMb: 128,
    environment: {},
    endpoint: 'http://127.0.0.1:9',
    region: 'eu-west-1',
    ...overrides,
  };
  return createFunction(config, { onLog: (line) => logs.push(line) });
}

function other(overrides: Partial<FunctionConfig>): LocalFunction {
  const fn = start(overrides);
  others.push(fn);
  return fn;
}

/** Streams an invocation to its end. */
async function stream(fn: LocalFunction, what: string, more: object = {}) {
  const { stream, result } = await begin(fn, what, more);
  const body = await text(stream.body).catch((error) => `broken: ${error.code}`);
  return { contentType: stream.contentType, body, result: await result };
}

/** Resolves when the response begins. */
async function begin(fn: LocalFunction, what: string, more: object = {}, signal?: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<ResponseStream>();
  const result = fn.invoke(JSON.stringify({ do: what, ...more }), {
    onStream: resolve,
    ...(signal && { signal }),
  });
  result.then((ended) => reject(new Error(`no stream: ${JSON.stringify(ended)}`)), reject);
  return { stream: await promise, result };
}

describe('a handler that streams', () => {
  test('hands its chunks over as they are written, objects as JSON', async () => {
    const { contentType, body, result } = await stream(shared, 'words');
    expect([contentType, body]).toEqual(['application/octet-stream', 'one {"as":"json"}']);
    expect(result).toMatchObject({ status: 'ok', payload: '' });
  });

  test('names its content type before the first write only', async () => {
    const { contentType, body } = await stream(shared, 'typed');
    expect(contentType).toBe('text/plain');
    expect(body).toBe('xRuntime.InvalidStreamingOperation: Cannot set content-type, too late.');
  });

  test('puts status and headers ahead, then eight NUL bytes', async () => {
    const prelude = { statusCode: 201, headers: { a: 'b' }, cookies: ['c=d'] };
    const { contentType, body } = await stream(shared, 'prelude', { prelude, body: 'grüße' });
    expect(contentType).toBe('application/vnd.awslambda.http-integration-response');
    expect(body).toBe(`${JSON.stringify(prelude)}${'\0'.repeat(8)}grüße`);
  });

  test('is heard before it has ended, and keeps its sandbox until then', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stream-'));
    const file = join(directory, 'go');
    const { stream, result } = await begin(shared, 'wait', { file });
    const chunks = stream.body[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe('first');
    expect(shared.busy).toBe(1);
    await writeFile(file, '');
    expect(String((await chunks.next()).value)).toBe('second');
    expect((await chunks.next()).done).toBe(true);
    expect(await result).toMatchObject({ status: 'ok' });
    expect(shared.busy).toBe(0);
    await rm(directory, { recursive: true });
  });

  test('waits for who reads it', async () => {
    const { stream, result } = await begin(shared, 'large', { chunks: 1_600 }); // 100 MB
    const most = () => Math.max(0, ...logs.map(({ text }) => Number(/written (\d+)/.exec(text)?.[1] ?? 0)));
    let before = -1;
    await until(async () => {
      const isStill = before === most() && before > 0;
      before = most();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return isStill;
    });
    expect(most()).toBeLessThan(400);
    let bytes = 0;
    for await (const chunk of stream.body) bytes += chunk.length;
    expect(bytes).toBe(1_600 * 65_536);
    expect(await result).toMatchObject({ status: 'ok' });
  });

  test('takes a pipeline', async () => {
    expect(await stream(shared, 'piped', { parts: ['a', 'b'] })).toMatchObject({
      body: 'ab',
      result: { status: 'ok' },
    });
  });

  test('is one sandbox for one stream after the other', async () => {
    const pids = [await stream(shared, 'pid'), await stream(shared, 'pid')].map(({ body }) => body);
    expect(pids[0]).toBe(pids[1]);
    expect(shared.sandboxes).toBe(1);
  });

  test('is gathered where nobody takes the stream', async () => {
    const { errors } = shared;
    expect(await shared.invoke('{"do":"words"}')).toMatchObject({
      status: 'ok',
      payload: 'one {"as":"json"}',
    });
    expect(await shared.invoke('{"do":"empty"}')).toMatchObject({ status: 'ok', payload: '' });
    expect(await shared.invoke('{"do":"throwMidway"}')).toMatchObject({
      status: 'error',
      errorType: 'RangeError',
    });
    expect(await shared.invoke('{"do":"large","chunks":128}')).toMatchObject({
      errorType: 'Function.ResponseSizeTooLarge',
    });
    expect(shared.errors).toBe(errors + 2);
  });
});

describe('a stream that fails', () => {
  test.each([
    ['throwAtOnce', '', 'TypeError', 'nothing was written'],
    ['throwMidway', 'half', 'RangeError', 'grüße'],
  ])('by %s ends with the error', async (what, body, errorType, errorMessage) => {
    const ended = await stream(shared, what);
    expect(ended).toMatchObject({ body, result: { status: 'error', errorType, errorMessage } });
    expect((ended.result as Extract<InvokeResult, { status: 'error' }>).stackTrace?.length).toBeGreaterThan(
      1,
    );
    expect(logs.some(({ text }) => text.includes('Invoke Error') && text.includes(errorMessage))).toBe(true);
    expect((await stream(shared, 'pid')).result.coldStart).toBe(false); // the sandbox goes on
  });

  test.each([
    ['exitMidway', 'Runtime.ExitError'],
    ['crashMidway', 'Error'],
  ])('by %s breaks off', async (what, errorType) => {
    const { body, result } = await stream(other({}), what);
    expect(body).toMatch(/^broken: ECONNRESET|^half$/);
    expect(result).toMatchObject({ status: 'error', errorType });
  });

  test('breaks off at the timeout', async () => {
    const { body, result } = await stream(other({ timeoutSeconds: 1 }), 'hang');
    expect(body).toBe('broken: ECONNRESET');
    expect(result).toMatchObject({ status: 'error', errorType: 'Sandbox.Timedout' });
  });

  test('must be async', async () => {
    expect((await stream(other({ handler: 'streaming.notAsync' }), 'x')).result).toMatchObject({
      status: 'error',
      errorMessage: 'Streaming does not support non-async handlers.',
    });
  });

  test('dies with the signal, its sandbox too', async () => {
    const fn = other({});
    const abort = new AbortController();
    const { stream, result } = await begin(fn, 'hang', {}, abort.signal);
    stream.body.on('error', () => {});
    const [pid] = fn.pids;
    abort.abort();
    expect(await result).toMatchObject({ status: 'error', errorType: 'Runtime.ExitError' });
    await until(() => pid !== undefined && !isRunning(pid));
  });
});
