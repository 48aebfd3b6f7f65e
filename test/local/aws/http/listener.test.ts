import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HttpError } from '../../../../local/aws/http/HttpError.ts';
import { type Listener, type RequestHandler, startListener } from '../../../../local/aws/http/listener.ts';
import { ApiPortTakenError, createListeners } from '../../../../local/aws/http/listeners.ts';
import { readBody } from '../../../../local/aws/http/requestBody.ts';
import { freePort } from '../../../freePort.ts';
import { until } from '../lambda/processes.ts';

const started: { stop(drainMs: number): Promise<void> }[] = [];
const warnings: string[] = [];
const requests: string[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop(0)));
  warnings.length = 0;
  requests.length = 0;
});

const echo: RequestHandler = async (request, response) => {
  requests.push(request.url ?? '');
  const body = await readBody(request);
  response.end(`${request.method} ${request.url} ${body}`);
};

async function listen(handler: RequestHandler | undefined = echo, timeouts = {}): Promise<Listener> {
  const listener = await startListener(0, (text) => warnings.push(text), timeouts);
  listener.handler = handler;
  started.push(listener);
  return listener;
}

/** Sends bytes as they are, and gives all that comes back until the connection ends. */
async function raw({ url }: Listener, ...parts: string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  for (const part of parts) socket.write(part, 'latin1');
  await once(socket, 'close');
  return text;
}

const status = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

describe('a listener', () => {
  test('is on 127.0.0.1 and answers to names of this machine only', async () => {
    const { url } = await listen();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const { port } = new URL(url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, 'x.localhost']) {
      const answer = await raw(
        started[0] as Listener,
        `GET /a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*GET \/a $/);
    }
    for (const host of ['evil.example', `127.0.0.1.evil.example:${port}`, '10.0.0.1', '', 'a b']) {
      const answer = await raw(
        started[0] as Listener,
        `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      expect([host, status(answer)]).toEqual([host, 403]);
    }
  });

  test.each([
    ['nonsense', 'hello\r\n\r\n', 400],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a path that is none', 'GET http://x/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a broken chunk', 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
    ['a space in a header name', 'GET / HTTP/1.1\r\nHost: localhost\r\nA B: c\r\n\r\n', 400],
    ['too many header bytes', `GET / HTTP/1.1\r\nHost: localhost\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('refuses %s, and goes on', async (_what, bytes, expected) => {
    const listener = await listen();
    expect(status(await raw(listener, bytes))).toBe(expected);
    expect((await fetch(listener.url)).status).toBe(200);
    expect(warnings).toEqual([]);
  });

  test('lets nobody hold a connection by sending slowly', async () => {
    const listener = await listen(echo, { headMs: 200, requestMs: 400 });
    const slowHead = raw(listener, 'GET / HTTP/1.1\r\nHost: localhost\r\nA:');
    const slowBody = raw(listener, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx');
    expect(status(await slowHead)).toBe(408);
    await slowBody;
    expect((await fetch(listener.url)).status).toBe(200);
  });

  test('answers a body that is too large before it has an end', async () => {
    const listener = await listen();
    const chunk = `400000\r\n${'x'.repeat(0x40_00_00)}\r\n`;
    const answer = raw(
      listener,
      'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
      chunk,
      chunk,
    );
    expect(await answer).toMatch(/^(HTTP\/1\.1 413 [\s\S]*Request Entity Too Large|$)/);
  });

  test('does not mind who leaves in the middle', async () => {
    const listener = await listen();
    const socket = connect(Number(new URL(listener.url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx');
    await once(socket, 'connect');
    socket.resetAndDestroy();
    expect((await fetch(listener.url)).status).toBe(200);
    expect(warnings).toEqual([]);
  });

  test('answers errors as they say, warns of others, and 503 while nothing runs behind it', async () => {
    const refusing = await listen(async () => {
      throw new HttpError(418, 'short and stout', { 'x-pot': 'tea' });
    });
    const refused = await fetch(refusing.url);
    expect([refused.status, refused.headers.get('x-pot'), await refused.text()]).toEqual([
      418,
      'tea',
      'short and stout',
    ]);
    refusing.handler = async () => {
      throw new Error('a bug');
    };
    expect((await fetch(refusing.url)).status).toBe(500);
    expect(warnings.join()).toContain('a bug');
    refusing.handler = undefined;
    expect((await fetch(refusing.url)).status).toBe(503);
  });

  test('stops after what is due, tells what has no end, and cuts what takes too long', async () => {
    let go = () => {};
    const due = new Promise<void>((resolve) => {
      go = resolve;
    });
    const listener = await listen(async ({ url }, response, stopping) => {
      response.writeHead(200).flushHeaders();
      if (url === '/due') await due.then(() => response.end('done'));
      if (url === '/endless') stopping.addEventListener('abort', () => response.destroy());
    });
    const [due1, endless] = await Promise.all([
      fetch(`${listener.url}/due`),
      fetch(`${listener.url}/endless`),
    ]);
    const stopped = listener.stop(10_000);
    await expect(endless.text()).rejects.toThrow();
    await expect(fetch(listener.url)).rejects.toThrow();
    go();
    expect(await due1.text()).toBe('done');
    await stopped;

    const receiving = await listen();
    const half = raw(receiving, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx');
    await until(() => requests.length === 1);
    const startedAt = performance.now();
    await receiving.stop(10_000);
    await half;
    expect(performance.now() - startedAt).toBeLessThan(5_000); // nothing runs for half a request

    const stuck = await listen(async (_request, response) => void response.writeHead(200).flushHeaders());
    const cut = (await fetch(stuck.url)).text();
    await Promise.all([stuck.stop(50), expect(cut).rejects.toThrow()]);
  });
});

describe('the listeners of APIs', () => {
  const portOf = (url: string) => Number(new URL(url).port);
  const create = (port: number) => {
    const listeners = createListeners(port, (text) => warnings.push(text));
    started.push(listeners);
    return listeners;
  };

  test('give the first API the chosen port, and what comes after it its address', async () => {
    const port = await freePort();
    const listeners = create(port);
    await listeners.reserve(['a', 'b']);
    expect(portOf(listeners.urlOf('a'))).toBe(port);
    expect(portOf(listeners.urlOf('b'))).not.toBe(port);
    listeners.attach('a', async (_request, response) => void response.end('from a'));
    expect(await (await fetch(listeners.urlOf('a'))).text()).toBe('from a');

    await listeners.reserve(['renamed', 'b']);
    await listeners.keepOnly(['renamed', 'b']);
    expect(portOf(listeners.urlOf('renamed'))).toBe(port);
    await listeners.reserve([]);
    await listeners.keepOnly([]);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
    await listeners.reserve(['c']);
    expect(portOf(listeners.urlOf('c'))).toBe(port);
    expect(() => listeners.urlOf('a')).toThrow('no port was opened for a');
  });

  test('say which port is taken and what to do, and leave no other open', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const listeners = create(port);
    const error = await listeners.reserve(['a', 'b']).catch((cause) => cause);
    expect(error).toBeInstanceOf(ApiPortTakenError);
    expect(error.message).toMatch(new RegExp(`Port ${port} .* for the API, is taken .* --api-port N`));
    expect(listeners.origins()).toEqual([]);
    other.close();
    await once(other, 'close');
    await listeners.reserve(['a']);
    expect(listeners.origins()).toEqual([`http://127.0.0.1:${port}`, `http://localhost:${port}`]);
  });
});
