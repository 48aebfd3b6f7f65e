import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { requestEvent } from '../../../../local/aws/http/requestEvent.ts';

const facts = { apiId: 'urlid', accountId: '123456789012', routeKey: '$default', isPathDecoded: false };
const server = createServer();
let port: number;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

/** The event that the given request becomes. Headers go out as they are listed. */
async function eventOf(path: string, headers: string[], body = '', more: object = {}) {
  const event = new Promise<object>((resolve) => {
    server.once('request', async (request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const now = new Date('2020-03-12T19:03:58.390Z');
      resolve(requestEvent(request, Buffer.concat(chunks), { ...facts, ...more }, now));
      response.end();
    });
  });
  const all = ['Host', 'urlid.example', 'Content-Length', String(Buffer.byteLength(body)), ...headers];
  send({ host: '127.0.0.1', port, path, method: 'POST', headers: all }).end(body);
  // biome-ignore lint/suspicious/noExplicitAny: the tests say its shape
  return (await event) as any;
}

describe('payload format 2.0', () => {
  test("is that of AWS's documented example", async () => {
    const event = await eventOf(
      '/my/path?parameter1=value1&parameter1=value2&parameter2=value',
      [
        ...['Header1', 'value1', 'Header2', 'value1', 'Header2', 'value2', 'User-Agent', 'agent'],
        ...['Cookie', 'cookie1; cookie2=x', 'Content-Type', 'text/plain', 'Connection', 'keep-alive'],
      ],
      'Hello from client!',
      { authorizer: { iam: { accountId: '111122223333' } }, pathParameters: {} },
    );
    expect(event).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/my/path',
      rawQueryString: 'parameter1=value1&parameter1=value2&parameter2=value',
      cookies: ['cookie1', 'cookie2=x'],
      headers: {
        host: 'urlid.example',
        'content-length': '18',
        header1: 'value1',
        header2: 'value1,value2',
        'user-agent': 'agent',
        'content-type': 'text/plain',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': String(port),
        'x-forwarded-proto': 'http',
      },
      queryStringParameters: { parameter1: 'value1,value2', parameter2: 'value' },
      requestContext: {
        accountId: '123456789012',
        apiId: 'urlid',
        authorizer: { iam: { accountId: '111122223333' } },
        domainName: 'urlid.example',
        domainPrefix: 'urlid',
        http: {
          method: 'POST',
          path: '/my/path',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'agent',
        },
        requestId: expect.stringMatching(/^[\da-f-]{36}$/),
        routeKey: '$default',
        stage: '$default',
        time: '12/Mar/2020:19:03:58 +0000',
        timeEpoch: 1584039838390,
      },
      body: 'Hello from client!',
      isBase64Encoded: false,
    });
  });

  test('leaves out what is not there', async () => {
    const event = await eventOf('/', []);
    for (const absent of ['body', 'cookies', 'queryStringParameters', 'pathParameters']) {
      expect(event).not.toHaveProperty(absent);
    }
    expect(event.isBase64Encoded).toBe(false);
    expect(event.requestContext).not.toHaveProperty('authorizer');
  });

  test.each([
    ['text/csv; charset=utf-8', false],
    ['application/json', false],
    ['application/problem+json', false],
    ['image/svg+xml', true],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
    ['application/jsonish', true],
  ])('a body of %s is Base64: %s', async (type, isBase64Encoded) => {
    const event = await eventOf('/', ['Content-Type', type], 'grüße');
    expect(event).toMatchObject({
      body: isBase64Encoded ? Buffer.from('grüße').toString('base64') : 'grüße',
      isBase64Encoded,
    });
  });

  test('a compressed or untyped body is Base64', async () => {
    const typed = ['Content-Type', 'text/plain', 'Content-Encoding', 'gzip'];
    expect((await eventOf('/', typed, 'x')).isBase64Encoded).toBe(true);
    expect((await eventOf('/', [], 'x')).isBase64Encoded).toBe(true);
  });

  test('the path stays encoded for a function URL and is decoded for an HTTP API', async () => {
    expect((await eventOf('/a%2Fb%20c', [])).rawPath).toBe('/a%2Fb%20c');
    const decoded = await eventOf('/a%2Fb%20c', [], '', { isPathDecoded: true });
    expect([decoded.rawPath, decoded.requestContext.http.path]).toEqual(['/a/b c', '/a/b c']);
    expect((await eventOf('/%zz', [], '', { isPathDecoded: true })).rawPath).toBe('/%zz');
  });

  test('a query is given as it came and decoded', async () => {
    const event = await eventOf('/?a=%20b+c&__proto__=x&d&%zz=1', []);
    expect(event.rawQueryString).toBe('a=%20b+c&__proto__=x&d&%zz=1');
    expect(Object.entries(event.queryStringParameters)).toEqual([
      ['a', ' b c'],
      ['__proto__', 'x'],
      ['d', ''],
      ['%zz', '1'],
    ]);
  });
});
