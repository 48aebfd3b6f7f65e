import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import { describe, expect, test } from '@jest/globals';
import type { ApiParts } from '../../../src/api/app.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { type ApiFixture, apiFixture, scheduled, signer } from './apiFixture.ts';

interface ServerSentEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data?: string;
  readonly retry?: string;
  /** A comment's text. */
  readonly ''?: string;
}

/** The API whose clock moves only when it sleeps; `script` says what happens to the job at a second of it. */
function following(
  script: Record<number, (api: ApiFixture) => void>,
  parts: Partial<ApiParts> = {},
): ApiFixture {
  const startedAt = Date.parse('2026-01-01T12:00:00Z');
  const left = new Map(Object.entries(script));
  const api: ApiFixture = apiFixture({
    sleep: async (ms) => {
      api.clock.nowMs += ms;
      for (const [second, happen] of left) {
        if (api.clock.nowMs - startedAt < Number(second) * 1000) continue;
        left.delete(second);
        happen(api);
      }
    },
    ...parts,
  });
  return api;
}

async function eventsOf(response: Response): Promise<ServerSentEvent[]> {
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const blocks = (await response.text()).split('\n\n').slice(0, -1);
  return blocks.map((block) => Object.fromEntries(block.split('\n').map(field)));
}

function field(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}

function statesOf(events: readonly ServerSentEvent[]): string[] {
  return events.filter(({ event }) => event === 'status').map(({ data = '' }) => JSON.parse(data).state);
}

describe('following a job', () => {
  test('tells its state, each change once, and the end', async () => {
    let jobId = '';
    const api = following({
      1: ({ store }) => store.change(jobId, { state: 'running', attempt: 1 }),
      5: ({ store }) => store.change(jobId, { progress: { fraction: 0.5, at: '2026-01-01T12:00:05.000Z' } }),
      9: ({ store }) => store.change(jobId, { state: 'succeeded', result: 1 }),
    });
    jobId = await scheduled(api);
    const response = await api.request(`/jobs/${jobId}/events`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const events = await eventsOf(response);
    expect(events[0]).toEqual({ retry: '1000' });
    expect(statesOf(events)).toEqual(['queued', 'running', 'running', 'succeeded']);
    expect(events.at(-1)).toMatchObject({ event: 'end', data: '{"state":"succeeded"}' });
    const status = await api.request(`/jobs/${jobId}`);
    expect(JSON.parse(events.at(-2)?.data ?? '')).toEqual(await status.json());
    expect(`"${events.at(-2)?.id}"`).toBe(status.headers.get('etag'));
  });

  test('keeps a quiet connection alive, and reads the store at most twice a second', async () => {
    let jobId = '';
    let reads = 0;
    const api = following({ 60: ({ store }) => store.change(jobId, { state: 'cancelled' }) });
    const get = api.store.get;
    api.store.get = (id) => {
      reads += 1;
      return get(id);
    };
    jobId = await scheduled(api);
    const events = await eventsOf(await api.request(`/jobs/${jobId}/events`));
    expect(events.filter((event) => event[''] !== undefined)).toHaveLength(3);
    expect(statesOf(events)).toEqual(['queued', 'cancelled']);
    expect(reads).toBeLessThan(75);
  });

  test('ends before the function’s deadline without an end, and goes on where it stopped', async () => {
    let jobId = '';
    const api = following({ 100: ({ store }) => store.change(jobId, { state: 'running' }) });
    jobId = await scheduled(api);
    const caller = { ...signer, context: { getRemainingTimeInMillis: () => 60_000 } };
    const startedAt = api.clock.nowMs;
    const first = await eventsOf(await api.request(`/jobs/${jobId}/events`, { caller }));
    expect(statesOf(first)).toEqual(['queued']);
    expect(first.some(({ event }) => event === 'end')).toBe(false);
    expect(api.clock.nowMs - startedAt).toBeGreaterThan(55_000);
    expect(api.clock.nowMs - startedAt).toBeLessThan(59_000);
    const seen = first.find(({ event }) => event === 'status')?.id ?? '';
    const headers = { 'last-event-id': seen };
    const second = await eventsOf(await api.request(`/jobs/${jobId}/events`, { caller, headers }));
    expect(statesOf(second)).toEqual(['running']);
  });

  test('tells who comes back after the end to stop, and who missed it that it ended', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    api.store.change(jobId, { state: 'dead' });
    const [, status, end] = await eventsOf(await api.request(`/jobs/${jobId}/events`));
    const again = (id = '') => api.request(`/jobs/${jobId}/events`, { headers: { 'last-event-id': id } });
    expect((await again(end?.id)).status).toBe(204);
    const missed = await eventsOf(await again(status?.id));
    expect(missed.map(({ event }) => event)).toEqual([undefined, 'end']);
    expect(statesOf(await eventsOf(await again('somebody else’s'.replace('’', ''))))).toEqual(['dead']);
  });

  test('where the host cannot stream is the state of the moment, and when to ask again', async () => {
    const api = apiFixture({ streams: false, sleep: () => Promise.reject(new Error('must not wait')) });
    const jobId = await scheduled(api);
    const events = await eventsOf(await api.request(`/jobs/${jobId}/events`));
    expect(events).toEqual([
      { retry: '1000' },
      { event: 'status', id: expect.any(String), data: expect.any(String) },
    ]);
    const headers = { 'last-event-id': events[1]?.id ?? '' };
    expect(await eventsOf(await api.request(`/jobs/${jobId}/events`, { headers }))).toEqual([
      { retry: '1000' },
    ]);
  });

  test('stops when the client is gone, and before that waits for it to read', async () => {
    let reads = 0;
    const sleeping: (() => void)[] = [];
    const sleep = () => new Promise<void>((wake) => sleeping.push(wake));
    const api = apiFixture({ sleep });
    const jobId = await scheduled(api);
    const get = api.store.get;
    api.store.get = (id) => {
      reads += 1;
      return get(id);
    };
    const reader = (await api.request(`/jobs/${jobId}/events`)).body?.getReader();
    await reader?.read();
    await reader?.read();
    expect([reads, sleeping.length]).toEqual([1, 0]);
    const pending = reader?.read();
    while (sleeping.length === 0) await new Promise((done) => setImmediate(done));
    await reader?.cancel();
    sleeping[0]?.();
    await pending;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
    expect([reads, sleeping.length]).toEqual([1, 1]);
  });

  test('over a real socket ends when the client hangs up', async () => {
    const api = apiFixture({ sleep: () => setTimeout(5) });
    const jobId = await scheduled(api);
    let reads = 0;
    const get = api.store.get;
    api.store.get = (id) => {
      reads += 1;
      return get(id);
    };
    const fetched = (request: Request) => api.app.fetch(request, signer);
    const server = createAdaptorServer({ fetch: fetched, overrideGlobalObjects: false }) as Server;
    const hungUp = new Promise<unknown>((done) =>
      server.on('request', (_, answer) => answer.on('close', done)),
    );
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const client = new AbortController();
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jobs/${jobId}/events`;
      const reader = (await fetch(url, { signal: client.signal })).body?.getReader();
      expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('retry: 1000');
      await until(() => reads > 3);
      client.abort();
      await hungUp;
      const readsThen = reads;
      await setTimeout(100);
      expect(reads - readsThen).toBeLessThanOrEqual(2);
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });

  test('ends cleanly when the store fails in the middle, so that the client asks again', async () => {
    let jobId = '';
    const api = following({
      3: (running) => {
        running.store.get = () => Promise.reject(new Error('no table'));
      },
    });
    jobId = await scheduled(api);
    const events = await eventsOf(await api.request(`/jobs/${jobId}/events`));
    expect(events.map(({ event }) => event)).toEqual([undefined, 'status']);
    expect(api.logged.map(({ message }) => message)).toContain('following a job ended early');
  });

  test('by HEAD starts nothing', async () => {
    const api = apiFixture({ sleep: () => Promise.reject(new Error('must not wait')) });
    const response = await api.request(`/jobs/${await scheduled(api)}/events`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});
