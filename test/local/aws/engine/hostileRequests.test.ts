import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startEngine } from '../../../../local/aws/engine/engine.ts';
import { startListener } from '../../../../local/aws/http/listener.ts';
import { startRuntimeApi } from '../../../../local/aws/lambda/runtimeApi.ts';
import { startAgentEndpoint } from '../../../../local/aws/worker/agentEndpoint.ts';
import { startConsole } from '../../../../local/console/server.ts';
import { standInPlatform } from '../../console/platform.ts';

/** A port that is open while a platform runs, and a path where it is served. */
interface Port {
  readonly url: string;
  readonly path: string;
  stop(): unknown;
}

const warnings: string[] = [];
const onWarning = (text: string) => void warnings.push(text);
afterEach(() => {
  warnings.length = 0;
});

const ports: Record<string, () => Promise<Port>> = {
  'an API': async () => {
    const listener = await startListener(0, onWarning);
    listener.handler = async (request, response) => {
      for await (const _chunk of request);
      response.end();
    };
    return { url: listener.url, path: '/', stop: () => listener.stop(0) };
  },
  'the console': async () => {
    const served = await startConsole({ port: 0, onWarning });
    await served.show(standInPlatform());
    return { url: served.url, path: '/api/snapshot', stop: served.stop };
  },
  'the container agent': async () => {
    const agent = await startAgentEndpoint({ onUnprotected: () => {}, onWarning });
    const { origin, pathname } = new URL(agent.uriOf('x'));
    return { url: origin, path: `${pathname}/task-protection/v1/state`, stop: agent.stop };
  },
  'the Lambda runtime': async () => {
    const api = await startRuntimeApi({ onNext() {}, onOutcome() {}, onInitError() {} });
    return { url: `http://${api.address}`, path: '/2018-06-01/runtime/init/error', stop: api.close };
  },
  'SNS, SQS and S3': async () => {
    const engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
    return { url: engine.endpoint, path: '/', stop: engine.stop };
  },
};

/** Requests of `DynamoDB_20120810.GetItem` and so on: the engine hands them over unread. */
const targets = ['DynamoDB_20120810.GetItem', 'DynamoDB_20120810.PutItem', 'AmazonSQS.SendMessage'];
const signature = (service: string) =>
  `Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=x\r\nX-Amz-Date: 20260101T000000Z\r\n`;

describe.each(Object.entries(ports))('the port of %s lives on after', (_name, start) => {
  let port: Port;
  beforeAll(async () => {
    port = await start();
  });
  afterAll(async () => {
    await port.stop();
  });

  const isServed = async () => {
    const method = port.path.endsWith('/init/error') ? 'POST' : 'GET';
    return (await fetch(port.url + port.path, { method })).status < 500;
  };

  test.each([
    ['nonsense', 'hello\r\n\r\n'],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a host that is none', 'GET / HTTP/1.1\r\nHost: [\r\n\r\n'],
    ['a host elsewhere', 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
    ['a path that is no URL', 'GET //[ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
    ['a path that is no text', 'GET /%zz%00 HTTP/1.1\r\nHost: HOST\r\n\r\n'],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n'],
    ['a broken chunk', 'POST PATH HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['an expectation', 'POST PATH HTTP/1.1\r\nHost: HOST\r\nExpect: the unexpected\r\n\r\n'],
    ['an upgrade', 'GET PATH HTTP/1.1\r\nHost: HOST\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('%s', async (_what, bytes) => {
    const answer = await exchange(port, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 [2-4]\d\d /);
    expect(await isServed()).toBe(true);
    expect(warnings).toEqual([]);
  });

  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  test.each(['', 'not json', 'null', '1', '[]', '{}', '{"__proto__":1}', '{"TableName":null}', deep])(
    'the body %.20s',
    async (body) => {
      for (const method of ['PUT', 'POST']) {
        for (const target of [undefined, ...targets]) {
          const service = target?.startsWith('AmazonSQS') ? 'sqs' : 'dynamodb';
          const head = target === undefined ? '' : `X-Amz-Target: ${target}\r\n${signature(service)}`;
          const answer = await exchange(
            port,
            `${method} PATH HTTP/1.1\r\nHost: HOST\r\n${head}Content-Type: application/x-amz-json-1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          );
          expect([target, answer]).toEqual([target, expect.stringMatching(/^HTTP\/1\.1 [2-4]\d\d /)]);
        }
      }
      expect(await isServed()).toBe(true);
      expect(warnings).toEqual([]);
    },
  );

  test('a client that leaves in the middle of its body', async () => {
    for (const target of ['none', ...targets]) {
      const socket = connect(Number(new URL(port.url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        addressed(
          port,
          `PUT PATH HTTP/1.1\r\nHost: HOST\r\nX-Amz-Target: ${target}\r\nContent-Length: 9\r\n\r\n{`,
        ),
      );
      expect(await isServed()).toBe(true); // by now the request has been handed over
      socket.resetAndDestroy();
      expect(await isServed()).toBe(true);
    }
    expect(warnings).toEqual([]);
  });
});

/** Sends bytes as they are, and gives the first that comes back. */
async function exchange(port: Port, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(port.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.setEncoding('latin1').write(addressed(port, bytes), 'latin1');
  const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  socket.destroy();
  return String(answer);
}

function addressed({ url, path }: Port, bytes: string): string {
  return bytes.replace('HOST', new URL(url).host).replace('PATH', path);
}
