import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { JobState } from '../../../src/job/jobStatus.ts';
import { createStatusStore, InvalidCursorError, type StatusStore } from '../../../src/tracking/store.ts';
import { TestClock } from './testClock.ts';
import { startTestTable, type TestTable } from './testTable.ts';

let table: TestTable;
let clock: TestClock;
let store: StatusStore;
let jobs = 0;
let jobId: string;

beforeAll(async () => {
  table = await startTestTable();
});
afterAll(() => table.close());
beforeEach(() => {
  clock = new TestClock();
  store = createStatusStore({ tableName: table.tableName, client: table.client, now: clock.now });
  jobId = `job-${++jobs}`;
  table.reset();
});

const day = 86_400_000;
const reason = { name: 'LostAttemptError', message: 'crashed' };

/** A record as a run has left it. */
async function recorded(state: JobState, more: Record<string, string | number> = {}): Promise<void> {
  await table.put({
    jobId,
    jobName: 'TestJob',
    state,
    listKey: 'TestJob',
    createdAt: clock.iso(),
    updatedAt: clock.iso(),
    expiresAt: clock.now() / 1000 + 1000,
    history: [],
    runId: 'run-1',
    sequence: '1',
    ...more,
  });
}

describe('a queued job', () => {
  test('is new once, and once more when its record has expired, whatever DynamoDB has not yet removed', async () => {
    const job = { jobId, jobName: 'TestJob', maxAttempts: 3, requestHash: 'abc' };
    expect(await store.queue(job)).toEqual({ isNew: true });
    expect(await store.queue({ ...job, jobName: 'OtherJob' })).toMatchObject({
      isNew: false,
      existing: { jobName: 'TestJob', state: 'queued' },
      requestHash: 'abc',
    });
    await clock.advance(30 * day);
    expect(await store.get(jobId)).toBeUndefined();
    expect(await store.cancel(jobId)).toBeUndefined();
    expect(await store.queue({ ...job, owner: 'ida' })).toEqual({ isNew: true });
    expect(await store.get(jobId)).toMatchObject({ owner: 'ida', createdAt: clock.iso() });
  });

  test.each([true, false])(
    'is new although the answer to its write was lost (refusals told: %s)',
    async (tells) => {
      table.tellsRefusals = tells;
      table.repeatsWrites = true;
      expect(await store.queue({ jobId, jobName: 'TestJob' })).toEqual({ isNew: true });
      expect(table.calls).toEqual(tells ? ['Put'] : ['Put', 'Get']);
    },
  );

  test('expires 30 days after its last change', async () => {
    await store.queue({ jobId, jobName: 'TestJob' });
    await clock.advance(10 * day);
    await store.cancel(jobId);
    expect(await store.get(jobId)).toMatchObject({ expiresAt: clock.iso(30 * day) });
    expect((await table.item(jobId))?.expiresAt).toBe(clock.now() / 1000 + (30 * day) / 1000);
  });
});

describe('cancelling', () => {
  test.each<JobState>(['queued', 'retrying'])('a job that is %s ends it', async (state) => {
    await recorded(state, { nextAttemptAt: clock.iso(1000), reason: 'x' });
    expect(await store.cancel(jobId)).toMatchObject({ state: 'cancelled', endedAt: clock.iso() });
    expect(await store.get(jobId)).not.toHaveProperty('nextAttemptAt');
    expect((await store.get(jobId))?.history.at(-1)).toEqual({ state: 'cancelled', at: clock.iso() });
  });

  test('a running job asks it to stop, once', async () => {
    await recorded('running', { leaseEndsAt: clock.now() + 1000 });
    expect(await store.cancel(jobId)).toMatchObject({ state: 'running', isCancelRequested: true });
    table.calls.length = 0;
    expect(await store.cancel(jobId)).toMatchObject({ state: 'running', isCancelRequested: true });
    expect(table.calls).toEqual(['Get']);
  });

  test('a job whose process has died ends it', async () => {
    await recorded('running', { leaseEndsAt: clock.now() - 1 });
    expect(await store.cancel(jobId)).toMatchObject({ state: 'cancelled' });
  });

  test.each<JobState>(['succeeded', 'dead', 'cancelled'])(
    'a job that is %s changes nothing',
    async (state) => {
      await recorded(state);
      const before = await table.item(jobId);
      expect(await store.cancel(jobId)).toMatchObject({ state });
      expect(await table.item(jobId)).toEqual(before);
    },
  );

  test('sees what changes between its read and its write', async () => {
    await recorded('queued');
    let isFirst = true;
    table.before = async (call) => {
      if (call !== 'Update' || !isFirst) return;
      isFirst = false;
      await recorded('succeeded', { runId: 'run-2' });
    };
    expect(await store.cancel(jobId)).toMatchObject({ state: 'succeeded' });
  });
});

describe('a job that is found in its dead-letter queue', () => {
  test.each<[JobState, Record<string, number>]>([
    ['queued', {}],
    ['retrying', {}],
    ['running', { leaseEndsAt: 1 }],
  ])('and was %s is dead', async (state, more) => {
    await recorded(state, more);
    expect(await store.foundDead(jobId, reason)).toMatchObject({
      state: 'dead',
      reason,
      endedAt: clock.iso(),
    });
  });

  test.each<[JobState, Record<string, number>]>([
    ['running', { leaseEndsAt: Date.parse('2030-01-01') }],
    ['succeeded', {}],
    ['cancelled', {}],
    ['dead', {}],
  ])('and is %s by now stays that', async (state, more) => {
    await recorded(state, more);
    const before = await table.item(jobId);
    expect(await store.foundDead(jobId, reason)).toMatchObject({ state });
    expect(await table.item(jobId)).toEqual(before);
  });
});

describe('a listing', () => {
  const jobName = () => `Listed${jobs}`;

  async function queueMany(count: number, owner?: string): Promise<void> {
    for (let index = 0; index < count; index++) {
      await clock.advance(1);
      const own = owner === undefined ? {} : { owner };
      await store.queue({ jobId: `${jobName()}-${index}`, jobName: jobName(), ...own });
    }
  }

  async function all(query: Parameters<StatusStore['list']>[0]): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const listing = await store.list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
      pages.push(listing.jobs.map((job) => job.jobId.replace(/^.*-/, '')));
      cursor = listing.cursor;
    } while (cursor !== undefined);
    return pages;
  }

  test('goes through all jobs page by page, the newest first, each once', async () => {
    await queueMany(7);
    expect(await all({ jobName: jobName(), limit: 3 })).toEqual([['6', '5', '4'], ['3', '2', '1'], ['0']]);
    expect(await all({ jobName: jobName(), limit: 7 })).toEqual([['6', '5', '4', '3', '2', '1', '0']]);
    expect(await all({ jobName: jobName() })).toEqual([['6', '5', '4', '3', '2', '1', '0']]);
  });

  test('is of one state on request, of many, and of lost runs as they read', async () => {
    await queueMany(6);
    for (const index of [1, 4]) await store.cancel(`${jobName()}-${index}`);
    expect(await all({ jobName: jobName(), state: 'cancelled', limit: 1 })).toEqual([['4'], ['1'], []]);
    expect(await all({ jobName: jobName(), state: 'queued', limit: 3 })).toEqual([['5', '3', '2'], ['0']]);
    jobId = `${jobName()}-lost`;
    await recorded('running', { leaseEndsAt: clock.now() - 1, listKey: jobName(), jobName: jobName() });
    expect(await all({ jobName: jobName(), state: 'running' })).toEqual([[]]);
    expect(await all({ jobName: jobName(), state: 'retrying' })).toEqual([['lost']]);
  });

  test('shows an owner theirs alone, and a cursor leads nowhere else', async () => {
    await queueMany(3, 'ida');
    const { cursor = '' } = await store.list({ jobName: jobName(), owner: 'ida', limit: 1 });
    expect(await all({ jobName: jobName(), owner: 'ida' })).toEqual([['2', '1', '0']]);
    expect((await store.list({ jobName: jobName(), owner: 'lea', cursor })).jobs).toEqual([]);
    expect((await store.list({ jobName: jobName(), cursor })).jobs).toEqual([]);
  });

  test('leaves out results, and what has expired', async () => {
    jobId = `${jobName()}-done`;
    await recorded('succeeded', { listKey: jobName(), jobName: jobName(), result: '{"big":true}' });
    expect(await store.get(jobId)).toMatchObject({ result: { big: true } });
    const { jobs: listed } = await store.list({ jobName: jobName() });
    expect(listed).toMatchObject([{ jobId, state: 'succeeded' }]);
    expect(listed[0]).not.toHaveProperty('result');
    await clock.advance(1_000_000);
    expect(await all({ jobName: jobName() })).toEqual([[]]);
  });

  test('refuses a cursor that is none', async () => {
    const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const cursor of ['', 'nonsense', made(['a']), made(['', 'b']), made({ jobId: 'a' }), made([1, 2])]) {
      await expect(store.list({ jobName: jobName(), cursor })).rejects.toBeInstanceOf(InvalidCursorError);
    }
  });
});
