import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  createFunction,
  type FunctionConfig,
  type LocalFunction,
  type LogLine,
} from '../../../../local/aws/lambda/function.ts';
import { isRunning, until } from './processes.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/lambda');
const started: LocalFunction[] = [];
const logs: LogLine[] = [];

/** For whatever is awaited, so that a slow machine breaks nothing; a test may await several such things. */
const patienceMs = 60_000;
jest.setTimeout(3 * patienceMs);

/** For tests that leave it as they found it. */
let shared: LocalFunction;
beforeAll(() => {
  shared = createFunction(configOf(), { onLog: (line) => logs.push(line) });
});
afterAll(() => stop(shared));

afterEach(async () => {
  await Promise.all(started.splice(0).map(stop));
  logs.length = 0;
});

async function stop(fn: LocalFunction): Promise<void> {
  const { pids } = fn;
  await fn.stop({ drainMs: 0 });
  expect(pids.filter(isRunning)).toEqual([]);
}

function start(overrides: Partial<FunctionConfig> = {}): LocalFunction {
  const fn = createFunction(configOf(overrides), { onLog: (line) => logs.push(line) });
  started.push(fn);
  return fn;
}

function configOf(overrides: Partial<FunctionConfig> = {}): FunctionConfig {
  return {
    functionName: 'jobs-dev-Test',
    functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:jobs-dev-Test',
    handler: 'outcomes.handler',
    codeDirectory: FIXTURES,
    timeoutSeconds: 60,
    memoryMb: 128,
    environment: { MINE: 'yes', AWS_REGION: 'mars' },
    endpoint: 'http://127.0.0.1:9',
    region: 'eu-west-1',
    ...overrides,
  };
}

async function call(fn: LocalFunction, what: string, more: object = {}) {
  return fn.invoke(JSON.stringify({ do: what, ...more }));
}

async function value(fn: LocalFunction, what: string, more: object = {}) {
  const result = await call(fn, what, more);
  if (result.status !== 'ok') throw new Error(`${result.errorType}: ${result.errorMessage}`);
  return JSON.parse(result.payload);
}

describe('an invocation', () => {
  test('returns what the handler returned; the first is a cold start, the next is not', async () => {
    const fn = start();
    const first = await call(fn, 'echo', { value: { text: 'grüße \u2028 😀' } });
    expect(first).toMatchObject({ status: 'ok', coldStart: true });
    expect(JSON.parse((first as { payload: string }).payload)).toEqual({ text: 'grüße \u2028 😀' });
    const second = await call(fn, 'undefined');
    expect(second).toMatchObject({ status: 'ok', coldStart: false, payload: 'null' });
    expect(second.requestId).not.toBe(first.requestId);
    expect([fn.sandboxes, fn.busy]).toEqual([1, 0]);
  });

  test('gets a true context', async () => {
    const context = await value(shared, 'context');
    expect(context).toMatchObject({
      functionName: 'jobs-dev-Test',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:jobs-dev-Test',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/jobs-dev-Test',
      cwd: FIXTURES,
    });
    expect(context.awsRequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(context.logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    expect(context.remainingMs).toBeGreaterThan(50_000);
    expect(context.remainingMs).toBeLessThanOrEqual(60_000);
  });

  test('sees its own variables and what Lambda sets, nothing of this process', async () => {
    process.env.LEAK_FROM_THE_DEVELOPER = 'secret'; // inherited by what starts now
    const environment = await value(start(), 'environment');
    delete process.env.LEAK_FROM_THE_DEVELOPER;
    expect(environment).toMatchObject({
      MINE: 'yes',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_LAMBDA_FUNCTION_NAME: 'jobs-dev-Test',
      LAMBDA_TASK_ROOT: FIXTURES,
      _HANDLER: 'outcomes.handler',
      TZ: ':UTC',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    });
    expect(environment._X_AMZN_TRACE_ID).toMatch(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/,
    );
    expect(environment).not.toHaveProperty('LEAK_FROM_THE_DEVELOPER');
    expect(environment).not.toHaveProperty('HOME');
  });

  test('resolves the AWS SDK of this project from a bundle that lies elsewhere', async () => {
    const codeDirectory = await mkdtemp(join(tmpdir(), 'bundle-'));
    await writeFile(join(codeDirectory, 'index.mjs'), readFileSync(join(FIXTURES, 'outcomes.mjs')));
    expect(await value(start({ codeDirectory, handler: 'index.handler' }), 'sdk')).toBe('function');
  });

  test('loads CommonJS and nested exports', async () => {
    const result = await start({ handler: 'plain.nested.handler' }).invoke('{}');
    expect(result).toMatchObject({ status: 'ok', payload: '"from CommonJS"' });
  });

  test('runs beside others, each in a process of its own', async () => {
    const fn = start();
    const running = [1, 2, 3].map(() => value(fn, 'sleep', { ms: 300 }));
    await until(() => fn.busy === 3, patienceMs);
    const pids = await Promise.all(running);
    expect(new Set(pids).size).toBe(3);
    expect(pids).toContain(await value(fn, 'pid'));
    expect(fn.sandboxes).toBe(3);
  });
});

describe('a failure', () => {
  test('of the handler keeps the process warm', async () => {
    const fn = shared;
    const pid = await value(fn, 'pid');
    const failed = await call(fn, 'throw', { message: 'no such friend' });
    expect(failed).toMatchObject({ status: 'error', errorType: 'TypeError', errorMessage: 'no such friend' });
    expect((failed as { stackTrace: string[] }).stackTrace.join('\n')).toContain('outcomes.mjs');
    expect(await call(fn, 'throwText')).toMatchObject({ errorType: 'string', errorMessage: 'just text' });
    expect(await call(fn, 'bigint')).toMatchObject({
      errorType: 'Runtime.JSONStringifyError',
      errorMessage: 'Unable to stringify response body',
    });
    expect(await value(fn, 'pid')).toBe(pid);
    await until(
      () => logs.some(({ text }) => text.includes('Invoke Error') && text.includes('no such friend')),
      patienceMs,
    );
  });

  test.each(['hang', 'block'])('by time-out (%s) kills the process; the next one is fresh', async (how) => {
    const fn = start({ timeoutSeconds: 1 });
    const pid = await value(fn, 'pid');
    const result = await call(fn, how);
    expect(result).toMatchObject({
      status: 'error',
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${result.requestId} Error: Task timed out after 1.00 seconds`,
    });
    expect(result.durationMs).toBeGreaterThanOrEqual(995);
    await until(() => !isRunning(pid), patienceMs);
    expect(await call(fn, 'count')).toMatchObject({ status: 'ok', payload: '1', coldStart: true });
  });

  test.each([
    ['exit', { code: 3 }, 'Runtime exited with error: exit status 3'],
    ['exit', { code: 0 }, 'Runtime exited without providing a reason'],
    ['outOfMemory', {}, 'Runtime exited with error: signal: aborted'],
  ])('%s %p is Runtime.ExitError; the next process is fresh', async (what, more, reason) => {
    const result = await call(shared, what, more);
    expect(result).toMatchObject({
      status: 'error',
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${result.requestId} Error: ${reason}`,
    });
    expect(await call(shared, 'count')).toMatchObject({ status: 'ok', payload: '1', coldStart: true });
  });

  test.each([
    ['rejectUnhandled', 'Runtime.UnhandledPromiseRejection', 'RangeError: nobody listens'],
    ['throwLater', 'RangeError', 'later'],
  ])('%s outside the handler ends the process with its reason', async (what, errorType, errorMessage) => {
    expect(await call(shared, what)).toMatchObject({ status: 'error', errorType, errorMessage });
    expect(await call(shared, 'count')).toMatchObject({ status: 'ok', payload: '1' });
  });

  test('of a process that dies between two invocations costs no invocation', async () => {
    await value(shared, 'exitSoon');
    await until(() => shared.sandboxes === 0, patienceMs);
    expect(await call(shared, 'count')).toMatchObject({ status: 'ok', payload: '1' });
  });

  test('by a response above 6 MB', async () => {
    expect(await call(shared, 'huge')).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  });

  test.each([
    ['outcomes.missing', 'Runtime.HandlerNotFound', 'outcomes.missing is undefined or not exported'],
    ['outcomes.notAFunction', 'Runtime.HandlerNotFound', 'outcomes.notAFunction is not a function'],
    ['outcomes.callbackHandler', 'Runtime.CallbackHandlerDeprecated', 'callback-based'],
    ['nofile.handler', 'Runtime.ImportModuleError', "Cannot find module 'nofile'"],
    ['missingModule.handler', 'Runtime.ImportModuleError', "Cannot find module 'not-installed-anywhere'"],
    ['broken.handler', 'Runtime.UserCodeSyntaxError', 'SyntaxError'],
    ['throwsAtInit.handler', 'RangeError', 'at init'],
    ['exitsAtInit.handler', 'Runtime.ExitError', 'exit status 5'],
    ['../lambda/outcomes.handler', 'Runtime.MalformedHandlerName', 'not a valid handler name'],
  ])('of init (%s) is the same each time', async (handler, errorType, message) => {
    const fn = start({ handler });
    for (let i = 0; i < 2; i++) {
      const result = await fn.invoke('{}');
      expect(result).toMatchObject({ status: 'error', errorType, coldStart: true });
      expect((result as { errorMessage: string }).errorMessage).toContain(message);
    }
  });

  test('of a bundle directory that does not exist is a result too', async () => {
    expect(await start({ codeDirectory: '/nowhere/at/all' }).invoke('{}')).toMatchObject({
      status: 'error',
      errorType: 'Runtime.StartError',
    });
  });
});

test('lines of output come whole, with their request, the last one too', async () => {
  const { requestId } = await call(shared, 'log');
  const lines = logs.map(({ stream, text }) => `${stream}: ${text}`);
  expect(lines.filter((line) => line.startsWith('stdout'))).toEqual([
    'stdout: first',
    'stdout: second',
    'stdout: no newline at the end',
  ]);
  expect(lines).toContain('stderr: to stderr');
  expect(new Set(logs.map((line) => line.requestId))).toEqual(new Set([requestId]));
});

test('a stack names the project’s files, where the bundle has a source map', async () => {
  const codeDirectory = await mkdtemp(join(tmpdir(), 'bundle-'));
  const map = { version: 3, sources: ['src/jobs/X.ts'], names: [], mappings: 'AAAA' };
  await writeFile(join(codeDirectory, 'index.mjs.map'), JSON.stringify(map));
  await writeFile(
    join(codeDirectory, 'index.mjs'),
    "export const handler = async () => { throw new Error('mapped'); };\n//# sourceMappingURL=index.mjs.map\n",
  );
  const environment = { NODE_OPTIONS: '--enable-source-maps' };
  const fn = start({ handler: 'index.handler', codeDirectory, environment });
  const result = await fn.invoke('{}');
  expect(result).toMatchObject({ status: 'error', errorMessage: 'mapped' });
  expect('stackTrace' in result && result.stackTrace?.[1]).toMatch(
    /^ {4}at (\S+ \()?src\/jobs\/X\.ts:1:\d+\)?$/,
  );
});

test('an update lets a running invocation end and takes the new bundle for the next', async () => {
  const fn = start({ environment: { RELEASE: '1' } });
  await call(fn, 'count');
  const running = value(fn, 'sleep', { ms: 300 });
  await until(() => fn.busy === 1, patienceMs);
  fn.update(configOf({ environment: { RELEASE: '2' } }));
  expect((await value(fn, 'environment')).RELEASE).toBe('2');
  const oldPid = await running;
  await until(() => !isRunning(oldPid), patienceMs);
  expect(await value(fn, 'pid')).not.toBe(oldPid);
});

describe('stop', () => {
  test('waits for what runs, kills what hangs, and what the function has started', async () => {
    const fn = start();
    const child = await value(fn, 'child');
    const sleeping = value(fn, 'sleep', { ms: 300 });
    await until(() => fn.busy === 1, patienceMs);
    await fn.stop({ drainMs: patienceMs });
    expect(await sleeping).toEqual(expect.any(Number));
    await until(() => !isRunning(child), patienceMs);
    expect(fn.sandboxes).toBe(0);
    await expect(fn.invoke('{}')).rejects.toThrow(/jobs-dev-Test is stopped/);
  });

  test('without a bound waits for as long as an invocation may take by its timeout', async () => {
    const fn = start({ timeoutSeconds: 30 });
    expect(fn.remainingMs).toBe(0);
    const sleeping = value(fn, 'sleep', { ms: 300 });
    await until(() => fn.busy === 1 && fn.remainingMs <= 30_000, patienceMs);
    expect(fn.remainingMs).toBeGreaterThan(0);
    await fn.stop({ drainMs: Number.POSITIVE_INFINITY });
    expect(await sleeping).toEqual(expect.any(Number));
    expect(fn.remainingMs).toBe(0);
  });

  test('with nothing to wait for ends a hanging invocation', async () => {
    const fn = start();
    const pid = await value(fn, 'pid');
    const hanging = call(fn, 'hang');
    await until(() => logs.some(({ text }) => text === 'hanging'), patienceMs);
    await fn.stop({ drainMs: 0 });
    expect(isRunning(pid)).toBe(false);
    expect(await hanging).toMatchObject({ status: 'error', errorType: 'Runtime.ExitError' });
  });
});

test('stray and malformed requests to the Runtime API disturb nobody', async () => {
  const fn = shared;
  const address = `http://${(await value(fn, 'environment')).AWS_LAMBDA_RUNTIME_API}`;
  const running = value(fn, 'sleep', { ms: 400 });
  await until(() => fn.busy === 1, patienceMs);
  const post = (path: string, init: object = {}) =>
    fetch(address + path, { method: 'POST', body: '{"x"', ...init });
  expect((await post('/2018-06-01/runtime/invocation/unknown-id/response')).status).toBe(400);
  expect((await post('/2018-06-01/runtime/nonsense')).status).toBe(404);
  expect((await fetch(`${address}/`)).status).toBe(404);
  expect(
    (await post('/2018-06-01/runtime/invocation/x/error', { headers: { origin: 'http://evil.example' } }))
      .status,
  ).toBe(403);
  expect(await running).toEqual(expect.any(Number));
});

test('a sandbox ends by itself when its platform is killed', async () => {
  const platform = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createFunction } from ${JSON.stringify(join(import.meta.dirname, '../../../../local/aws/lambda/function.ts'))};
      const fn = createFunction(${JSON.stringify(configOf())}, { onLog() {} });
      await fn.invoke('{"do":"count"}');
      fn.invoke('{"do":"hang"}');
      console.log(fn.pids.join());`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const pid = Number(await new Promise((resolve) => platform.stdout.once('data', resolve)));
  expect(isRunning(pid)).toBe(true);
  platform.kill('SIGKILL');
  await until(() => !isRunning(pid), patienceMs);
});
