import { describe, expect, test } from '@jest/globals';
import type { JobPublisher } from '../../../src/api/scheduleJob.ts';
import { MessageTooLargeError, PublishFailedError } from '../../../src/publisher/index.ts';
import { apiFixture, problemIn, scheduled, testJobs, tokenOf } from './apiFixture.ts';

const uuid = /^[\da-f]{8}-[\da-f]{4}-([78])[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe('scheduling a job', () => {
  test('records it, then publishes it, and says where its status is', async () => {
    const api = apiFixture();
    const response = await api.request('/jobs/GreetingJob', { body: { friendName: 'Hank' } });
    expect(response.status).toBe(202);
    const { jobId, ...rest } = (await response.json()) as { jobId: string };
    expect(uuid.exec(jobId)?.[1]).toBe('7');
    const links = { self: `/jobs/${jobId}`, events: `/jobs/${jobId}/events` };
    expect(rest).toEqual({ jobName: 'GreetingJob', state: 'queued', links });
    expect(response.headers.get('location')).toBe(links.self);
    expect(api.published).toEqual([{ jobName: 'GreetingJob', jobId, payload: { friendName: 'Hank' } }]);
    expect(await api.store.get(jobId)).toMatchObject({ state: 'queued', maxAttempts: 5 });
  });

  test('takes any JSON where the job has no schema, null included', async () => {
    const api = apiFixture();
    for (const payload of [null, 0, 'text', [1], {}]) {
      expect((await api.request('/jobs/AnyJob', { body: JSON.stringify(payload) })).status).toBe(202);
    }
    expect(api.published.map(({ payload }) => payload)).toEqual([null, 0, 'text', [1], {}]);
  });

  test('takes a charset, and a slash at the end', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    const body = { friendName: 'Hank' };
    expect((await apiFixture().request('/jobs/GreetingJob/', { body, headers })).status).toBe(202);
  });

  test('that SNS refuses leaves nothing behind, and says when to try again', async () => {
    const cause = Object.assign(new Error('slow down'), { $fault: 'client' });
    const refused = new PublishFailedError({ jobName: 'GreetingJob', jobId: 'any' }, 'Throttled', 'slow', {
      cause,
    });
    const api = apiFixture({ publisher: { publish: async () => Promise.reject(refused) } });
    const response = await api.request('/jobs/GreetingJob', { body: { friendName: 'Hank' } });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await problemIn(response)).toMatchObject({ type: '/problems/unavailable' });
    expect(api.store.size).toBe(0);
  });

  test('that SNS may have taken keeps its record, and with it its owner', async () => {
    const api = apiFixture({
      auth: 'jwt',
      publisher: { publish: async () => Promise.reject(unreachable('any')) },
    });
    const caller = tokenOf('ida');
    const response = await api.request('/jobs/GreetingJob', { body: { friendName: 'Hank' }, caller });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    const { jobId } = (await problemIn(response)) as unknown as { jobId: string };
    expect((await api.request(`/jobs/${jobId}`, { caller })).status).toBe(200);
    expect((await api.request(`/jobs/${jobId}`, { caller: tokenOf('jo') })).status).toBe(404);
  });

  test('that is too large even for S3 is told so, and leaves nothing behind', async () => {
    const tooLarge = new MessageTooLargeError('AnyJob', 20, 10, 'S3 takes 10');
    const api = apiFixture({ publisher: { publish: async () => Promise.reject(tooLarge) } });
    const response = await api.request('/jobs/AnyJob', { body: [] });
    expect(response.status).toBe(413);
    expect(await problemIn(response)).toMatchObject({ type: '/problems/too-large', maxBytes: 10 });
    expect(api.store.size).toBe(0);
  });
});

describe('an Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'order-17' };

  test('gives a replay the same answer, and publishes once', async () => {
    const api = apiFixture();
    const first = await api.request('/jobs/GreetingJob', { headers, body: { friendName: 'Hank' } });
    const again = await api.request('/jobs/GreetingJob', { headers, body: '{ "friendName": "Hank" }' });
    expect(again.status).toBe(202);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const body = (await first.json()) as { jobId: string };
    expect(await again.json()).toEqual(body);
    expect(uuid.exec(body.jobId)?.[1]).toBe('8');
    expect(api.published).toHaveLength(1);
  });

  test('gives requests that come at once one job, published once', async () => {
    const api = apiFixture();
    const all = await Promise.all(Array.from({ length: 5 }, () => scheduled(api, { headers })));
    expect(new Set(all).size).toBe(1);
    expect(api.published).toHaveLength(1);
  });

  test('gives a replay after the job has ended its state, and runs nothing', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api, { headers });
    api.store.change(jobId, { state: 'succeeded' });
    const again = await api.request('/jobs/GreetingJob', { headers, body: { friendName: 'Hank' } });
    expect(await again.json()).toMatchObject({
      jobId,
      state: 'succeeded',
      links: { result: expect.any(String) },
    });
    expect(api.published).toHaveLength(1);
  });

  test('with another body is 409, names the first job, and publishes nothing', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api, { headers });
    const response = await api.request('/jobs/GreetingJob', { headers, body: { friendName: 'Ida' } });
    expect(response.status).toBe(409);
    expect(await problemIn(response)).toMatchObject({ type: '/problems/idempotency-key-reused', jobId });
    expect(api.published).toHaveLength(1);
  });

  test('is another one for another job, and for another owner', async () => {
    const api = apiFixture({ auth: 'jwt' });
    const ids = [
      await scheduled(api, { headers, caller: tokenOf('ida') }),
      await scheduled(api, { headers, caller: tokenOf('hank') }),
      await scheduled(api, { headers, caller: tokenOf('ida') }, 'AnyJob'),
      await scheduled(api, { headers: { 'idempotency-key': 'order-18' }, caller: tokenOf('ida') }),
    ];
    expect(new Set(ids).size).toBe(4);
    expect(api.published.map(({ jobId }) => jobId)).toEqual(ids);
  });

  test('publishes again when another process recorded the job and died before it was published', async () => {
    const died = apiFixture({ publisher: { publish: () => new Promise(() => undefined) } });
    void died.request('/jobs/GreetingJob', { headers, body: { friendName: 'Hank' } });
    await until(() => died.store.size === 1);
    const api = apiFixture({ store: died.store, jobs: testJobs });
    const jobId = await scheduled(api, { headers });
    expect(api.published.map((message) => message.jobId)).toEqual([jobId]);
    expect(died.store.size).toBe(1);
  });

  test('keeps the record when a replay’s own publishing fails: the first may have arrived', async () => {
    const first = apiFixture();
    const jobId = await scheduled(first, { headers });
    const publisher = { publish: async () => Promise.reject(unreachable(jobId)) };
    const api = apiFixture({ store: first.store, publisher });
    const response = await api.request('/jobs/GreetingJob', { headers, body: { friendName: 'Hank' } });
    expect(response.status).toBe(503);
    expect(await first.store.get(jobId)).toMatchObject({ state: 'queued' });
  });

  test('can be used again after publishing failed', async () => {
    let isUp = false;
    const published: string[] = [];
    const publish: JobPublisher['publish'] = async (_jobName, _payload, { jobId }) => {
      if (!isUp) throw unreachable(jobId);
      published.push(jobId);
    };
    const api = apiFixture({ publisher: { publish } });
    expect((await api.request('/jobs/AnyJob', { headers, body: 1 })).status).toBe(503);
    isUp = true;
    const response = await api.request('/jobs/AnyJob', { headers, body: '1' });
    expect(response.status).toBe(202);
    expect(published).toHaveLength(1);
  });
});

function unreachable(jobId: string): PublishFailedError {
  return new PublishFailedError({ jobName: 'GreetingJob', jobId }, 'TimeoutError', 'no answer');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setImmediate(done));
}
