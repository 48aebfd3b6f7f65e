import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { EndedRun } from '../../../src/runtime/settle.ts';
import { type HealthServer, startHealthServer, workerMetrics } from '../../../src/worker/health.ts';
import type { Worker, WorkerHealth } from '../../../src/worker/worker.ts';

let server: HealthServer | undefined;
afterEach(() => server?.stop());

const healthy: WorkerHealth = {
  inFlight: 2,
  concurrency: 10,
  isStopping: false,
  lastPollAt: 1_700_000_000_000,
  failingSince: undefined,
};

async function serve(health: WorkerHealth) {
  const worker: Worker = {
    jobName: 'TestJob',
    health: () => health,
    stop: async () => {},
    done: Promise.resolve({ unfinished: 0 }),
  };
  const workers = () => [worker];
  const metrics = workerMetrics(workers);
  server = await startHealthServer({ port: 0, host: '127.0.0.1', metrics, workers });
  return { metrics, get: (path: string, method = 'GET') => fetch(`${server?.url}${path}`, { method }) };
}

describe('/healthz', () => {
  test('says how the worker is', async () => {
    const { get } = await serve(healthy);
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ok',
      jobs: {
        TestJob: {
          status: 'ok',
          lastPollAt: '2023-11-14T22:13:20.000Z',
          failingSince: null,
          inFlight: 2,
          concurrency: 10,
        },
      },
    });
  });

  test.each([
    ['has just begun', 5_000, 200, 'ok'],
    ['has lasted for more than a minute', 61_000, 503, 'failing'],
  ])('during an outage that %s', async (_how, agoMs, status, text) => {
    const { get } = await serve({ ...healthy, failingSince: Date.now() - agoMs });
    const response = await get('/healthz');
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status: text });
  });

  test('while stopping is no illness', async () => {
    const { get } = await serve({ ...healthy, isStopping: true });
    const response = await get('/healthz');
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { jobs: { TestJob: { status: 'stopping' } } },
    ]);
  });
});

describe('/metrics', () => {
  test('counts runs by outcome, and shows the worker as it is now', async () => {
    const { get, metrics } = await serve(healthy);
    const ended = (kind: string) => ({ outcome: { kind }, durationMs: 1200 }) as EndedRun;
    for (const kind of ['succeeded', 'succeeded', 'retry', 'dead']) metrics.observe('TestJob', ended(kind));
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await response.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'jobs_worker_runs_total{job="TestJob",outcome="succeeded"} 2',
        'jobs_worker_runs_total{job="TestJob",outcome="dead"} 1',
        'jobs_worker_run_duration_seconds_bucket{le="1",job="TestJob"} 0',
        'jobs_worker_run_duration_seconds_bucket{le="5",job="TestJob"} 4',
        'jobs_worker_in_flight{job="TestJob"} 2',
        'jobs_worker_receiving{job="TestJob"} 1',
        'jobs_worker_last_poll_timestamp_seconds{job="TestJob"} 1700000000',
      ]),
    );
  });
});

test('anything else is not there', async () => {
  const { get } = await serve(healthy);
  expect((await get('/')).status).toBe(404);
  expect((await get('/healthz', 'POST')).status).toBe(405);
});

test.each([
  ['a path that is none', 'GET //[ HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['nonsense', 'hello\r\n\r\n'],
])('%s is answered, and the worker lives on', async (_what, bytes) => {
  const { get } = await serve(healthy);
  const socket = connect(Number(new URL(server?.url ?? '').port), '127.0.0.1');
  socket.write(bytes);
  const [answered] = await once(socket, 'data');
  expect(String(answered)).toMatch(/^HTTP\/1\.1 400 /);
  socket.destroy();
  expect((await get('/healthz')).status).toBe(200);
});

test('what cannot be told is an error of that request alone', async () => {
  const { get, metrics } = await serve(healthy);
  metrics.text = async () => {
    throw new Error('no metrics today');
  };
  const response = await get('/metrics');
  expect([response.status, await response.text()]).toEqual([500, 'no metrics today\n']);
  expect((await get('/healthz')).status).toBe(200);
});

test('a port that is taken is said in a line', async () => {
  const { metrics } = await serve(healthy);
  const port = Number(new URL(server?.url ?? '').port);
  const second = startHealthServer({ port, host: '127.0.0.1', metrics, workers: () => [] });
  await expect(second).rejects.toThrow(
    new RegExp(`^health cannot be served at 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`),
  );
});
