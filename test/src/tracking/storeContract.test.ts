import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Engine, startEngine } from '../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../local/aws/isolatedAws.ts';
import { createStatusStore, type StatusStore } from '../../../src/tracking/store.ts';
import { createStatusTable } from '../api/apiPlatform.ts';
import { memoryStore } from '../api/memoryStore.ts';

let engine: Engine;
let client: DynamoDBClient;
let nowMs = Date.parse('2026-01-01T12:00:00Z');
const now = () => nowMs;
const stores: Record<string, () => StatusStore> = {
  'in memory': () => memoryStore(now),
  'in DynamoDB': () => createStatusStore({ tableName: 'status', client, now }),
};

beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  client = new DynamoDBClient({ endpoint: engine.endpoint, region: engine.region, credentials });
  await createStatusTable(engine, 'status');
});

afterAll(async () => {
  client.destroy();
  await engine.stop();
});

describe.each(Object.entries(stores))('the API’s status store %s', (_where, makeStore) => {
  let store: StatusStore;
  beforeAll(() => {
    store = makeStore();
  });

  test('records a job once, with whose it is and what was asked', async () => {
    const job = { jobId: 'a', jobName: 'AnyJob', owner: 'ida', maxAttempts: 3, requestHash: 'h' };
    expect(await store.queue(job)).toEqual({ isNew: true });
    const status = await store.get('a');
    const at = new Date(nowMs).toISOString();
    expect(status).toMatchObject({
      jobId: 'a',
      owner: 'ida',
      maxAttempts: 3,
      state: 'queued',
      createdAt: at,
    });
    expect(status).not.toHaveProperty('requestHash');
    expect(await store.queue({ ...job, requestHash: 'other' })).toEqual({
      isNew: false,
      existing: status,
      requestHash: 'h',
    });
  });

  test('forgets a queued job, and no other', async () => {
    await store.queue({ jobId: 'b', jobName: 'AnyJob' });
    await store.forget('b');
    await store.forget('nope');
    expect(await store.get('b')).toBeUndefined();
    await store.queue({ jobId: 'c', jobName: 'AnyJob' });
    await store.cancel('c');
    await store.forget('c');
    expect(await store.get('c')).toMatchObject({ state: 'cancelled' });
  });

  test('cancels a queued job, and what has ended stays as it is', async () => {
    await store.queue({ jobId: 'd', jobName: 'AnyJob' });
    expect(await store.cancel('d')).toMatchObject({ state: 'cancelled', endedAt: expect.any(String) });
    expect(await store.cancel('d')).toMatchObject({ state: 'cancelled' });
    expect(await store.foundDead('d', reason)).toMatchObject({ state: 'cancelled' });
    expect(await store.cancel('nope')).toBeUndefined();
  });

  test('buries what is found dead', async () => {
    await store.queue({ jobId: 'e', jobName: 'AnyJob' });
    expect(await store.foundDead('e', reason)).toMatchObject({ state: 'dead', reason });
    expect(await store.get('e')).toMatchObject({ state: 'dead', reason });
  });

  test('lets one of all look at a job’s dead letters, and again when there are more, fewer, or the look failed', async () => {
    const claims = await Promise.all([1, 2, 3].map(() => store.claimLook('LostJob', 2)));
    expect(claims.filter((isMine) => isMine)).toHaveLength(1);
    expect(await store.claimLook('LostJob', 2)).toBe(false);
    expect(await store.claimLook('OtherJob', 2)).toBe(true);
    expect(await store.claimLook('LostJob', 3)).toBe(true);
    expect(await store.claimLook('LostJob', 2)).toBe(true);
    await store.dropLook('LostJob');
    expect(await store.claimLook('LostJob', 2)).toBe(true);
    expect((await store.list({ jobName: 'LostJob' })).jobs).toEqual([]);
  });

  test('lists an owner’s jobs of a name, the newest first, page by page', async () => {
    for (const owner of ['hank', 'lea']) {
      for (const jobId of ['1', '2', '3']) {
        nowMs += 1;
        await store.queue({ jobId: `${owner}-${jobId}`, jobName: 'ListedJob', owner });
      }
    }
    const query = { jobName: 'ListedJob', owner: 'hank', limit: 2 };
    const { jobs, cursor } = await store.list(query);
    expect(jobs.map(({ jobId }) => jobId)).toEqual(['hank-3', 'hank-2']);
    const rest = await store.list({ ...query, cursor: cursor ?? '' });
    expect(rest.jobs.map(({ jobId }) => jobId)).toEqual(['hank-1']);
    expect(rest.cursor).toBeUndefined();
    expect((await store.list({ jobName: 'ListedJob' })).jobs).toEqual([]);
    await store.cancel('hank-2');
    const cancelled = await store.list({ ...query, state: 'cancelled' });
    expect(cancelled.jobs.map(({ jobId }) => jobId)).toEqual(['hank-2']);
  });
});

const reason = { name: 'LostAttemptError', message: 'gone' };
