import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Platform, startPlatform } from '../../../../local/platform/platform.ts';
import type { PlatformEvent } from '../../../../local/platform/view.ts';
import { bundled, functionResource, urlResource } from '../fixtures/assembly/apiResources.ts';
import { eventually } from '../fixtures/assembly/eventually.ts';
import { writeAssembly } from '../fixtures/assembly/writeAssembly.ts';

/** A handler that does what the path says. */
const plain = `
export const handler = async (event) => {
  switch (event.rawPath) {
    case '/throw': throw new TypeError('as it was told');
    case '/exit': process.exit(3);
    case '/hang': return new Promise(() => setTimeout(() => {}, 60_000));
    case '/text': return 'Hello!';
    case '/malformed': return { statusCode: 200, body: { not: 'a string' } };
    case '/binary': return { statusCode: 200, headers: { 'content-type': 'image/png' }, body: 'AP8=', isBase64Encoded: true };
    case '/empty': return { statusCode: 204 };
    case '/pid': return { pid: process.pid };
    case '/huge': return { statusCode: 200, body: 'x'.repeat(5_000_000) };
    case '/own-cors': return { statusCode: 200, headers: { 'Access-Control-Allow-Origin': 'https://evil.example', Vary: 'Accept' }, cookies: ['a=1', 'b=2'] };
    default: return { statusCode: 200, headers: { 'x-seen': 'yes' }, body: JSON.stringify(event) };
  }
};`;

const streaming = `
import { existsSync } from 'node:fs';
import { Hono } from 'hono';
import { streamHandle } from 'hono/aws-lambda';
import { stream, streamSSE } from 'hono/streaming';
const app = new Hono();
app.get('/who', (c) => c.json({ who: c.env.requestContext.authorizer, cookie: c.req.header('cookie') ?? null }));
app.post('/echo', async (c) => c.body(await c.req.arrayBuffer(), 201, { 'content-type': c.req.header('content-type') }));
app.get('/events', (c) => streamSSE(c, async (stream) => {
  await stream.writeSSE({ event: 'begin', data: 'one' });
  while (!existsSync(c.req.query('until'))) await stream.sleep(10);
  await stream.writeSSE({ event: 'end', data: 'two' });
}));
app.get('/much', (c) => stream(c, async (to) => {
  await to.write('begun');
  while (!existsSync(c.req.query('until'))) await to.sleep(10);
  for (let i = 0; i < 64; i += 1) await to.write('x'.repeat(500_000));
  console.log('wrote all');
}));
app.get('/nothing', (c) => c.body(null, 204));
app.get('/cookies', (c) => { c.header('set-cookie', 'a=1'); c.header('set-cookie', 'b=2', { append: true }); return c.redirect('/who', 303); });
export const handler = streamHandle(app);`;

const raw = `
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.rawPath === '/bytes') { stream.setContentType('text/csv'); stream.write('a,b'); stream.end(); return; }
  const http = (prelude) => awslambda.HttpResponseStream.from(stream, prelude);
  if (event.rawPath === '/throw') throw new Error('before the first write');
  if (event.rawPath === '/midway') {
    http({ statusCode: 200, headers: { 'content-type': 'text/plain' } }).write('half');
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new Error('midway');
  }
  if (event.rawPath === '/bad-prelude') { http({ statusCode: 99 }).write('x'); stream.end(); return; }
  if (event.rawPath === '/only-end') { http({ statusCode: 200 }).end(); return; }
  if (event.rawPath === '/split') {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    for (const byte of Buffer.from(JSON.stringify({ statusCode: 202 }) + '\\0'.repeat(8) + 'ok')) {
      stream.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    stream.end();
  }
});`;

const cors = {
  AllowOrigins: ['https://app.example', 'http://localhost:3000'],
  AllowMethods: ['GET', 'POST'],
  AllowHeaders: ['content-type', 'authorization'],
  ExposeHeaders: ['location'],
  MaxAge: 600,
};

const urlIds = ['Plain', 'PlainStreams', 'Streaming', 'Raw', 'Gathered'] as const;

let root: string;
let platform: Platform;
/** The address of each URL, as a function's environment tells. */
let url: Record<(typeof urlIds)[number], string>;
const events: PlatformEvent[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'url-'));
  const addresses = urlIds.map((id) => [id, { 'Fn::GetAtt': [`${id}Url`, 'FunctionUrl'] }]);
  const Resources = {
    ToldUrl: urlResource('Told'), // the first: the platform says where it is
    Told: functionResource('told', { Environment: { Variables: Object.fromEntries(addresses) } }),
    Plain: functionResource('plain', { Timeout: 2 }),
    PlainUrl: urlResource('Plain', { Cors: cors }),
    PlainStreamsUrl: urlResource('Plain', { InvokeMode: 'RESPONSE_STREAM' }),
    Streaming: functionResource('streaming', { Timeout: 60 }),
    StreamingUrl: urlResource('Streaming', { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' }),
    Raw: functionResource('raw'),
    RawUrl: urlResource('Raw', { InvokeMode: 'RESPONSE_STREAM' }),
    GatheredUrl: urlResource('Raw'),
  };
  const code = {
    plain,
    raw,
    streaming: await bundled(streaming),
    told: 'export const handler = async () => process.env;',
  };
  platform = await startPlatform({
    assemblyDirectory: await writeAssembly(join(root, 'cdk.out'), { test: { Resources } }, code),
    stateDirectory: join(root, '.local'),
    port: 0,
    onEvent: (event) => events.push(event),
  });
  const { apiUrl, problems } = await platform.snapshot();
  expect(problems).toEqual([]);
  url = (await (await fetch(apiUrl ?? '')).json()) as typeof url;
});
afterAll(async () => {
  await platform?.stop({ drainMs: 0 });
  await rm(root, { recursive: true, force: true });
});

const warned = (text: string) =>
  events.some((event) => event.type === 'warning' && event.text.includes(text));
const get = (id: (typeof urlIds)[number], path: string, init?: RequestInit) =>
  fetch(`${url[id]}${path}`, init);

describe('a function URL that buffers', () => {
  test('gives the function the request as an event, and the caller the function’s response', async () => {
    const response = await get('Plain', 'a/b?c=d', {
      method: 'PUT',
      body: 'text',
      headers: { 'X-One': '1' },
    });
    expect([response.status, response.headers.get('x-seen')]).toEqual([200, 'yes']);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      version: '2.0',
      rawPath: '/a/b',
      rawQueryString: 'c=d',
      headers: { 'x-one': '1' },
      body: 'text',
      requestContext: { accountId: 'anonymous', http: { method: 'PUT', path: '/a/b' }, stage: '$default' },
    });
  });

  test('takes a value without a status as JSON', async () => {
    const response = await get('Plain', 'text');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.text()).toBe('"Hello!"');
  });

  test('decodes Base64, sends nothing where there is nothing', async () => {
    expect([...new Uint8Array(await (await get('Plain', 'binary')).arrayBuffer())]).toEqual([0, 255]);
    const empty = await get('Plain', 'empty');
    expect([empty.status, await empty.text(), empty.headers.get('content-length')]).toEqual([204, '', null]);
    const head = await get('Plain', 'huge', { method: 'HEAD' });
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['5000000', '']);
  });

  test.each([
    ['throw', 'TypeError: as it was told'],
    ['exit', 'Runtime.ExitError'],
    ['hang', 'Sandbox.Timedout'],
    ['malformed', 'body must be a string'],
  ])('answers 502 and warns when the function does %s', async (path, why) => {
    const response = await get('Plain', path);
    expect([response.status, await response.text()]).toEqual([502, 'Internal Server Error']);
    expect(warned(why)).toBe(true);
  });

  test('refuses a body of more than 6 MB, announced or not', async () => {
    const large = Buffer.alloc(6 * 1024 * 1024 + 1, 'x');
    const announced = await get('Plain', '', {
      method: 'POST',
      body: large,
      headers: { 'content-type': 'text/plain' },
    });
    expect([announced.status, await announced.json()]).toEqual([
      413,
      { message: 'Request Entity Too Large' },
    ]);
    const chunks = new ReadableStream({
      start: (controller) => {
        controller.enqueue(large);
        controller.close();
      },
    });
    const streamed = get('Plain', '', { method: 'POST', body: chunks, duplex: 'half' } as RequestInit);
    expect(
      await streamed.then(
        ({ status }) => status,
        () => 413,
      ),
    ).toBe(413); // the connection may end first
    const inBase64 = await get('Plain', '', { method: 'POST', body: large.subarray(0, 5_000_000) });
    expect(inBase64.status).toBe(413);
  });

  test('gathers what a handler streams, prelude and all', async () => {
    expect(await (await get('Gathered', 'bytes')).status).toBe(502); // no JSON
  });
});

describe('a function URL that streams', () => {
  test('says who calls, where IAM would have checked it', async () => {
    const response = await get('Streaming', 'who', { headers: { cookie: 'a=1; b=2' } });
    expect(await response.json()).toEqual({
      who: { iam: expect.objectContaining({ accountId: '000000000000', userArn: expect.any(String) }) },
      cookie: 'a=1; b=2',
    });
  });

  test('carries bytes both ways', async () => {
    const body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256));
    const headers = { 'content-type': 'application/x-test' };
    const response = await get('Streaming', 'echo', { method: 'POST', body, headers });
    expect([response.status, response.headers.get('content-type')]).toEqual([201, 'application/x-test']);
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  });

  test('sends status, cookies and location of an answer without a body', async () => {
    const response = await get('Streaming', 'cookies', { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/who']);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect((await get('Streaming', 'nothing')).status).toBe(204);
  });

  test('hands events over while the function runs', async () => {
    const file = join(root, 'go-on');
    const response = await get('Streaming', `events?until=${file}`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const chunks = textOf(response);
    expect((await chunks.next()).value).toContain('data: one');
    await writeFile(file, '');
    expect((await chunks.next()).value).toContain('data: two');
    expect((await chunks.next()).done).toBe(true);
  });

  test('does not tell the function that the client went away', async () => {
    const file = join(root, 'after-leaving');
    const abort = new AbortController();
    const response = await get('Streaming', `much?until=${file}`, { signal: abort.signal });
    await textOf(response).next();
    abort.abort();
    await writeFile(file, '');
    await eventually('the function went on', () =>
      events.some((event) => event.type === 'log' && event.line.text === 'wrote all'),
    );
    expect((await get('Streaming', 'who')).status).toBe(200);
  });

  test('takes any content type without a prelude, a prelude in pieces, a plain return value as it is', async () => {
    const bytes = await get('Raw', 'bytes');
    expect([bytes.status, bytes.headers.get('content-type'), await bytes.text()]).toEqual([
      200,
      'text/csv',
      'a,b',
    ]);
    const split = await get('Raw', 'split');
    expect([split.status, await split.text()]).toEqual([202, 'ok']);
    const returned = await get('PlainStreams', 'empty');
    expect([returned.status, await returned.text()]).toEqual([200, '{"statusCode":204}']);
  });

  test.each(['throw', 'bad-prelude', 'only-end'])(
    'answers 502 when nothing good was sent before: %s',
    async (path) => {
      const response = await get('Raw', path);
      expect([response.status, await response.text()]).toEqual([502, 'Internal Server Error']);
    },
  );

  test('breaks the answer off when the function fails midway', async () => {
    const response = await get('Raw', 'midway');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(warned('Error: midway')).toBe(true);
  });
});

describe('CORS', () => {
  const origin = 'https://app.example';
  const preflight = { origin, 'access-control-request-method': 'POST' };

  test('preflights are answered without the function', async () => {
    const response = await get('Plain', 'throw', { method: 'OPTIONS', headers: preflight });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'content-type,authorization',
      'access-control-max-age': '600',
      vary: 'Origin',
    });
  });

  test('the host’s headers take the place of the function’s', async () => {
    const response = await get('Plain', 'own-cors', { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-expose-headers')).toBe('location');
    expect(response.headers.get('vary')).toBe('Accept, Origin');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect((await get('Plain', 'own-cors')).headers.get('access-control-allow-origin')).toBeNull();
  });

  test('pages of this machine may call, but read only where they are named', async () => {
    const named = await get('Plain', 'text', { headers: { origin: 'http://localhost:3000' } });
    expect(named.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    const other = await get('Plain', 'text', { headers: { origin: 'http://localhost:3001' } });
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });

  test('pages of other sites may not call at all', async () => {
    for (const foreign of ['https://evil.example', 'null', 'https://app.example.evil.example']) {
      expect((await get('Plain', 'text', { headers: { origin: foreign } })).status).toBe(403);
    }
    expect((await get('Streaming', 'who', { headers: { origin } })).status).toBe(403); // it has no Cors
  });
});

test('requests come to idle sandboxes, and a burst does not start a process each', async () => {
  const pids = new Set<number>();
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      pids.add(((await (await get('Plain', 'pid')).json()) as { pid: number }).pid);
    }),
  );
  expect(pids.size).toBeLessThan(10);
});

/** What comes, as it comes. */
async function* textOf(response: Response) {
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) yield decoder.decode(chunk, { stream: true });
}
