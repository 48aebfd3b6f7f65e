import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startTaskProtection, type TaskProtection } from '../../../src/worker/protection.ts';
import { eventually } from '../../local/aws/fixtures/assembly/eventually.ts';

let server: Server;
let agentUri: string;
let status: number;
let requests: { method: string | undefined; url: string | undefined; body: unknown }[];
let warnings: string[];
let protection: TaskProtection | undefined;

beforeEach(async () => {
  status = 200;
  requests = [];
  warnings = [];
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      requests.push({ method: request.method, url: request.url, body: JSON.parse(text) });
      response.writeHead(status).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  agentUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/task-1`;
});
afterEach(async () => {
  await protection?.stop();
  protection = undefined;
  server.close();
  server.closeAllConnections();
});

function start(options: { renewEveryMs?: number; idleMs?: number } = {}): TaskProtection {
  const logger = {
    warn: (message: string, { error }: { error: Error }) =>
      void warnings.push(`${message}: ${error.message}`),
  };
  protection = startTaskProtection({ agentUri, logger, idleMs: 20, ...options });
  return protection;
}

const enabled = () => requests.map(({ body }) => (body as { ProtectionEnabled: boolean }).ProtectionEnabled);

test('asks the container agent for protection at the first message, and gives it up after the last', async () => {
  const { onInFlight } = bound(start());
  onInFlight(1);
  onInFlight(2);
  await eventually('protected', () => requests.length === 1);
  expect(requests[0]).toEqual({
    method: 'PUT',
    url: '/api/task-1/task-protection/v1/state',
    body: { ProtectionEnabled: true, ExpiresInMinutes: 10 },
  });
  onInFlight(1);
  onInFlight(0);
  await eventually('given up', () => requests.length === 2);
  expect(requests[1]?.body).toEqual({ ProtectionEnabled: false });
});

test('renews it while messages are in hand', async () => {
  start({ renewEveryMs: 30 }).onInFlight(1);
  await eventually('two renewals', () => requests.length >= 3);
  expect(new Set(enabled())).toEqual(new Set([true]));
});

test('a worker that is idle for a moment only keeps it', async () => {
  const { onInFlight } = bound(start({ idleMs: 10_000 }));
  onInFlight(1);
  await eventually('protected', () => requests.length === 1);
  for (let index = 0; index < 100; index++) onInFlight(index % 2);
  await protection?.stop();
  expect(enabled()).toEqual([true, false]);
});

test('gives it up when the worker stops', async () => {
  start().onInFlight(3);
  await eventually('protected', () => requests.length === 1);
  await protection?.stop();
  expect(enabled()).toEqual([true, false]);
  protection?.onInFlight(5);
  await protection?.stop();
  expect(requests).toHaveLength(2);
});

test('an agent that refuses is asked again, and complained of once', async () => {
  status = 403;
  start().onInFlight(1);
  await eventually('asked again', () => requests.length >= 3);
  expect(warnings).toEqual([expect.stringContaining('HTTP 403')]);
  status = 200;
  const before = requests.length;
  await eventually('asked once more', () => requests.length > before);
  expect(warnings).toHaveLength(1);
});

test('no agent answers: the worker goes on', async () => {
  server.close();
  server.closeAllConnections();
  start().onInFlight(1);
  await eventually('a warning', () => warnings.length === 1);
});

test('outside ECS nothing is asked', async () => {
  const logger = { warn: () => expect(true).toBe(false) };
  const outside = startTaskProtection({ agentUri: '', logger });
  outside.onInFlight(1);
  await outside.stop();
  expect(requests).toEqual([]);
});

function bound(of: TaskProtection): Pick<TaskProtection, 'onInFlight'> {
  return { onInFlight: (count) => of.onInFlight(count) };
}
