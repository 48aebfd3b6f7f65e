import { describe, expect, test } from '@jest/globals';
import { apiFixture, problemIn, scheduled, tokenOf } from './apiFixture.ts';

describe('a job’s status', () => {
  test('is what the store knows, and where to go on', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    api.store.change(jobId, { state: 'running', attempt: 1, progress: progress(0.4) });
    const response = await api.request(`/jobs/${jobId}`);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    const links = { self: `/jobs/${jobId}`, events: `/jobs/${jobId}/events` };
    expect(await response.json()).toEqual({ ...(await api.store.get(jobId)), links });
  });

  test('keeps what only the platform needs to itself, and links to the result', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    api.store.change(jobId, { state: 'succeeded', resultKey: 'results/x' } as never);
    const status = await (await api.request(`/jobs/${jobId}`)).json();
    expect(status).not.toHaveProperty('resultKey');
    expect(status).toHaveProperty('links.result', `/jobs/${jobId}/result`);
  });

  test('is not sent again to who has it, and is as soon as it changes', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    const etag = (await api.request(`/jobs/${jobId}`)).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const same = await api.request(`/jobs/${jobId}`, { headers: { 'if-none-match': known } });
      expect([same.status, await same.text()]).toEqual([304, '']);
      expect(same.headers.get('cache-control')).toBe('private, no-cache');
    }
    api.store.change(jobId, { progress: progress(0.1) });
    const changed = await api.request(`/jobs/${jobId}`, { headers: { 'if-none-match': etag } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  test('says when to ask again, later the older the job is, until it has ended', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    const retryAfter = async () => (await api.request(`/jobs/${jobId}`)).headers.get('retry-after');
    const found: (string | null)[] = [await retryAfter()];
    for (const ageMs of [9_000, 11_000, 20_000, 3_600_000]) {
      api.clock.nowMs += ageMs;
      found.push(await retryAfter());
    }
    expect(found).toEqual(['1', '1', '2', '4', '5']);
    api.store.change(jobId, { state: 'succeeded' });
    expect(await retryAfter()).toBeNull();
  });

  test('of an ID that holds anything a URL must escape is at its link', async () => {
    const api = apiFixture();
    const jobId = 'nightly/2026 01?#%é';
    await api.store.queue({ jobId, jobName: 'AnyJob' });
    const self = `/jobs/${encodeURIComponent(jobId)}`;
    expect(await (await api.request(self)).json()).toMatchObject({ jobId, links: { self } });
  });

  test('is answered to HEAD without a body', async () => {
    const api = apiFixture();
    const response = await api.request(`/jobs/${await scheduled(api)}`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('etag')).not.toBeNull();
  });
});

describe('a job that nothing is heard of', () => {
  const reason = { name: 'LostAttemptError', message: 'it does not load' };

  /** Counts the looks into the dead-letter queue. */
  function overdueJobs(found: typeof reason | undefined) {
    const looks: string[] = [];
    const count = async (jobName: string) => {
      looks.push(jobName);
      return found === undefined ? 0 : 1;
    };
    const look = async () => new Map(found && api.published.map(({ jobId }) => [jobId, found] as const));
    const api = apiFixture({ deadLetters: { count, look } });
    return { looks, api };
  }

  test.each([
    ['queued', {}],
    ['retrying', { state: 'retrying', reason }],
    ['retrying', { state: 'retrying', nextAttemptAt: '2026-01-01T12:00:00.000Z' }],
  ] as const)(
    'and is %s (%j) is looked for among its dead letters, once it is overdue',
    async (_state, change) => {
      const { api, looks } = overdueJobs(reason);
      const jobId = await scheduled(api);
      api.store.change(jobId, change);
      expect(await (await api.request(`/jobs/${jobId}`)).json()).not.toMatchObject({ state: 'dead' });
      expect(looks).toEqual([]);
      api.clock.nowMs += 31_000;
      expect(await (await api.request(`/jobs/${jobId}`)).json()).toMatchObject({ state: 'dead', reason });
      await api.request(`/jobs/${jobId}`);
      expect(looks).toHaveLength(1);
    },
  );

  test('is found dead with all others by one look: to receive letters again and again would hide them from their alarm', async () => {
    const receives: number[] = [];
    const letters = new Map([['elsewhere', reason]]);
    const deadLetters = {
      count: async () => letters.size,
      look: async () => {
        receives.push(letters.size);
        return letters;
      },
    };
    const api = apiFixture({ deadLetters });
    const jobIds = [await scheduled(api), await scheduled(api), await scheduled(api)];
    const poll = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        api.clock.nowMs += 1000;
        for (const jobId of jobIds) await api.request(`/jobs/${jobId}`);
      }
    };
    await poll(600);
    expect(receives).toEqual([1]);
    for (const jobId of jobIds.slice(1)) letters.set(jobId, reason);
    await poll(1200);
    expect(receives).toEqual([1, 3]);
    const statuses = await Promise.all(jobIds.map((jobId) => api.store.get(jobId)));
    expect(statuses.map((status) => status?.state)).toEqual(['queued', 'dead', 'dead']);
  });

  test('and waits for its next attempt is not overdue', async () => {
    const { api, looks } = overdueJobs(reason);
    const jobId = await scheduled(api);
    api.store.change(jobId, { state: 'retrying', nextAttemptAt: '2026-01-01T13:00:00.000Z' });
    api.clock.nowMs += 31_000;
    await api.request(`/jobs/${jobId}`);
    expect(looks).toEqual([]);
  });

  test.each(['running', 'succeeded', 'cancelled'] as const)('and is %s is left alone', async (state) => {
    const { api, looks } = overdueJobs(reason);
    const jobId = await scheduled(api);
    api.store.change(jobId, { state });
    api.clock.nowMs += 3_600_000;
    await api.request(`/jobs/${jobId}`);
    expect(looks).toEqual([]);
  });

  test('is looked for ever more seldom by a page that polls for an hour', async () => {
    const { api, looks } = overdueJobs(undefined);
    const jobId = await scheduled(api);
    for (let second = 0; second < 3600; second += 1) {
      api.clock.nowMs += 1000;
      await api.request(`/jobs/${jobId}`);
    }
    expect(looks.length).toBeGreaterThan(3);
    expect(looks.length).toBeLessThan(10);
  });

  test('is still answered when SQS is not', async () => {
    const look = () => Promise.reject(new Error('AccessDenied'));
    const api = apiFixture({ deadLetters: { count: async () => 1, look } });
    const jobId = await scheduled(api);
    api.clock.nowMs += 31_000;
    expect((await api.request(`/jobs/${jobId}`)).status).toBe(200);
    expect(await api.store.claimLook('GreetingJob', 1)).toBe(true); // the next one may try
    expect(api.logged.map(({ message }) => message)).toContain(
      'the dead-letter queue could not be asked for an overdue job',
    );
  });
});

describe('cancelling a job', () => {
  const cancel = { method: 'DELETE' };

  test('that is queued is done at once, and again', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    for (const _time of [1, 2]) {
      const response = await api.request(`/jobs/${jobId}`, cancel);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ jobId, state: 'cancelled', links: {} });
    }
  });

  test('that runs asks it to stop', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    api.store.change(jobId, { state: 'running' });
    const response = await api.request(`/jobs/${jobId}`, cancel);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ state: 'running', isCancelRequested: true });
  });

  test.each(['succeeded', 'dead'] as const)('that is %s is too late', async (state) => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    api.store.change(jobId, { state });
    const response = await api.request(`/jobs/${jobId}`, cancel);
    expect(response.status).toBe(409);
    expect(await problemIn(response)).toMatchObject({ type: '/problems/already-ended', state });
  });

  test('of somebody else changes nothing', async () => {
    const api = apiFixture({ auth: 'jwt' });
    const jobId = await scheduled(api, { caller: tokenOf('ida') });
    expect((await api.request(`/jobs/${jobId}`, { ...cancel, caller: tokenOf('hank') })).status).toBe(404);
    expect(await api.store.get(jobId)).toMatchObject({ state: 'queued' });
  });
});

function progress(fraction: number) {
  return { fraction, text: `${fraction}`, at: '2026-01-01T12:00:00.000Z' };
}
