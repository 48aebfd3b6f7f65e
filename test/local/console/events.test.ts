import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { PortTakenError } from '../../../local/aws/engine/engine.ts';
import { MAX_WATCHERS } from '../../../local/console/events.ts';
import { ConsolePortTakenError, startConsole } from '../../../local/console/server.ts';
import { KEPT_LINES } from '../../../local/platform/view.ts';
import { until } from '../aws/lambda/processes.ts';
import { greetingJob, serveConsole, standInPlatform } from './platform.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** For whatever is awaited, so that a slow machine breaks nothing; a test may await several such things. */
const patienceMs = 60_000;
jest.setTimeout(5 * patienceMs);

/** Looks for news ten times as often as the console does by itself. */
const tickMs = 25;

async function start(platform = standInPlatform()) {
  const served = await serveConsole(platform, { tickMs });
  cleanups.push(() => served.stop());
  return { platform, ...served };
}

interface Told {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the event
  readonly data: any;
  readonly atMs: number;
}

/** Follows the live stream; `told` grows as events arrive. */
async function follow(url: string) {
  const leaving = new AbortController();
  cleanups.push(() => leaving.abort());
  const response = await fetch(`${url}/api/events`, { signal: leaving.signal });
  const told: Told[] = [];
  const ended = response.body ? readEvents(response.body, told) : Promise.resolve();
  return {
    status: response.status,
    told,
    ended,
    leave: () => leaving.abort(),
    of: (event: string) => told.filter((one) => one.event === event).map(({ data }) => data),
  };
}

async function readEvents(body: ReadableStream<Uint8Array>, told: Told[]): Promise<void> {
  let rest = '';
  try {
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const event = /^event: (.*)$/m.exec(part)?.[1];
        const data = /^data: (.*)$/m.exec(part)?.[1];
        if (event && data) told.push({ event, data: JSON.parse(data), atMs: Date.now() });
      }
    }
  } catch {
    // the test left
  }
}

describe('the live stream', () => {
  test('starts with the view and the lines that are kept', async () => {
    const at = new Date(Date.now() - 1_000);
    const line = { functionName: 'jobs-dev-GreetingJob', stream: 'stdout' as const, text: 'before', at };
    const { url, platform } = await start(standInPlatform({ logLines: [line] }));
    platform.log('after');
    const { told, of } = await follow(url);
    await until(() => told.length >= 3, patienceMs);
    expect(told[0]?.event).toBe('hello');
    expect(of('view')[0].jobs[0].name).toBe('GreetingJob');
    expect(of('lines')[0].lines.map(({ text }: { text: string }) => text)).toEqual(['before', 'after']);
  });

  test('tells a change that has an event at once, and one without within moments', async () => {
    const { url, platform } = await start();
    const { of } = await follow(url);
    await until(() => of('view').length === 1, patienceMs);
    await platform.publish({ jobName: 'GreetingJob', payload: 1 });
    await until(() => of('view').length === 2, patienceMs);
    expect(of('view')[1].jobs[0].published).toBe(1);
    platform.state = { ...platform.state, jobs: [{ ...greetingJob, visible: 3 }] };
    await until(() => of('view').length === 3, patienceMs);
    expect(of('view')[2].jobs[0].visible).toBe(3);
  });

  test('says nothing when nothing changed', async () => {
    const { url, platform } = await start();
    const { of } = await follow(url);
    await until(() => platform.snapshots >= 4, patienceMs);
    expect(of('view')).toHaveLength(1);
  });

  test('thousands of events make at most about four views a second', async () => {
    const platform = standInPlatform();
    const { url, stop } = await serveConsole(platform);
    cleanups.push(stop);
    const { told, of } = await follow(url);
    await until(() => of('view').length === 1, patienceMs);
    for (let i = 0; i < 5_000; i++) {
      await platform.publish({ jobName: 'GreetingJob', payload: i });
      if (i % 500 === 0) await sleep(50);
    }
    await until(() => of('view').at(-1).jobs[0].published === 5_000, patienceMs);
    const views = told.filter(({ event }) => event === 'view');
    const seconds = ((views.at(-1)?.atMs ?? 0) - (views[0]?.atMs ?? 0)) / 1_000;
    expect(views.length).toBeLessThanOrEqual(Math.ceil(seconds * 4) + 2);
  });

  test('what became of the batches is counted, and broken invocations are told', async () => {
    const { url, platform } = await start();
    const { of } = await follow(url);
    const result = { status: 'ok' as const, payload: '{}', requestId: 'r', durationMs: 12, coldStart: false };
    const outcome = {
      queueName: 'jobs-dev-GreetingJob',
      messageIds: ['a', 'b', 'c'],
      failedMessageIds: ['c'],
      result,
    };
    platform.emit({ type: 'batch', outcome });
    const broken = {
      ...result,
      status: 'error' as const,
      errorType: 'Sandbox.Timedout',
      errorMessage: 'Task timed out',
    };
    platform.emit({
      type: 'batch',
      outcome: { ...outcome, failedMessageIds: ['a', 'b', 'c'], result: broken },
    });
    await until(() => of('lines').length > 0 && of('view').length > 0, patienceMs);
    expect(of('view').at(-1).jobs[0].runs).toEqual({
      acknowledged: 2,
      failed: 4,
      brokenInvocations: 1,
      lastDurationMs: 12,
    });
    expect(of('lines')[0].lines[0]).toMatchObject({
      level: 'WARN',
      text: 'A batch of jobs-dev-GreetingJob failed: Sandbox.Timedout: Task timed out',
    });
  });

  test('nobody asks the platform while nobody watches', async () => {
    const { url, platform } = await start();
    const { of, leave } = await follow(url);
    await until(() => of('view').length === 1, patienceMs);
    leave();
    let before = 0;
    await until(async () => {
      before = platform.snapshots;
      await sleep(10 * tickMs); // longer than the feed goes without asking
      return platform.snapshots === before;
    }, patienceMs);
  });

  test('a page that does not read costs the others nothing, and catches up', async () => {
    const { url, platform } = await start();
    const { port } = new URL(url);
    const stalled = connect({ port: Number(port), host: '127.0.0.1' });
    cleanups.push(() => stalled.destroy());
    stalled.pause();
    stalled.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    const { of } = await follow(url);
    const text = 'x'.repeat(8_000);
    const heapBefore = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 400; i++) platform.log(`${round}.${i} ${text}`);
      const last = `${round}.399 ${text}`;
      await until(() => of('lines').at(-1)?.lines.at(-1)?.text === last, patienceMs);
    }
    expect(process.memoryUsage().arrayBuffers - heapBefore).toBeLessThan(40_000_000); // 64 MB were sent
  });

  test('lines that a page could not take in time are counted', async () => {
    const { url, platform } = await start();
    const { of } = await follow(url);
    platform.log('first');
    await until(() => of('lines').length === 1, patienceMs);
    for (let i = 0; i < KEPT_LINES + 70; i++) platform.log(`line ${i}`);
    await until(() => of('lines').at(-1).lines.at(-1).text === `line ${KEPT_LINES + 69}`, patienceMs);
    expect(of('lines').reduce((sum, { skipped }) => sum + skipped, 0)).toBe(70);
    expect(of('lines').reduce((sum, { lines }) => sum + lines.length, 0)).toBe(KEPT_LINES + 1);
  });

  test('pages beyond the limit are refused', async () => {
    const { url } = await start();
    for (let i = 0; i < MAX_WATCHERS; i++) expect((await follow(url)).status).toBe(200);
    expect((await follow(url)).status).toBe(503);
  });
});

describe('the console', () => {
  test('says goodbye to open pages, lets go of the platform, and leaves the port free', async () => {
    const platform = standInPlatform();
    const served = await serveConsole(platform);
    const { of, ended } = await follow(served.url);
    await until(() => of('view').length === 1, patienceMs);
    await served.stop();
    await ended;
    expect(of('bye')).toHaveLength(1);
    expect(platform.listeners).toBe(0);
    const again = await serveConsole(platform, { port: Number(new URL(served.url).port) });
    await again.stop();
  });

  test('has its port before there is a platform to show, and says so', async () => {
    const served = await startConsole({ port: 0, onWarning: () => {} });
    cleanups.push(() => served.stop());
    expect((await fetch(served.url)).status).toBe(503);
    await served.show(standInPlatform());
    expect((await fetch(served.url)).status).toBe(200);
  });

  test('a taken port is a typed error that names the option, and leaves nothing behind', async () => {
    const { url } = await start();
    const platform = standInPlatform();
    const port = Number(new URL(url).port);
    const error = await serveConsole(platform, { port }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConsolePortTakenError);
    expect(error).toBeInstanceOf(PortTakenError);
    expect(error).toMatchObject({
      port,
      message: expect.stringContaining('--console-port'),
      cause: { code: 'EADDRINUSE' },
    });
    expect(platform.listeners).toBe(0);
  });

  test.each([
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n',
    'POST /api/publish HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n',
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    'GET /%zz%00 HTTP/1.1\r\nHost: 127.0.0.1:%PORT%\r\nConnection: close\r\n\r\n',
  ])('answers %j with an error and lives on', async (request) => {
    const { url } = await start();
    const { port } = new URL(url);
    const answer = await exchange(Number(port), request.replace('%PORT%', port));
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await fetch(`${url}/api/snapshot`)).status).toBe(200);
  });
});

function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request));
    cleanups.push(() => socket.destroy());
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.includes('\r\n')) resolve(answer);
    });
    socket.on('error', reject);
  });
}
