import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createStatusStore } from '../../../src/tracking/store.ts';
import { reported } from '../runtime/batchFixture.ts';
import { TestClock } from '../tracking/testClock.ts';
import { startTestTable, type TestTable } from '../tracking/testTable.ts';
import { delivery, trackedBench } from '../tracking/trackedFixture.ts';
import { type ApiFixture, apiFixture, problemIn, tokenOf } from './apiFixture.ts';

/** The API and a job's runs at one status table, as on a platform. */
let table: TestTable;
let clock: TestClock;
let api: ApiFixture;
let jobs = 0;
let jobId: string;

const apiWith = (parts: Parameters<typeof apiFixture>[0] = {}) => {
  const store = createStatusStore({ tableName: table.tableName, client: table.client, now: clock.now });
  return apiFixture({ jobs: [{ name: 'TestJob', maxAttempts: 3 }], store, now: clock.now, ...parts });
};
const cancel = (jobName?: string, caller?: ReturnType<typeof tokenOf>) => {
  const query = jobName === undefined ? '' : `?jobName=${jobName}`;
  return api.request(`/jobs/${jobId}${query}`, { method: 'DELETE', ...(caller && { caller }) });
};

beforeAll(async () => {
  table = await startTestTable();
});
afterAll(() => table.close());
beforeEach(() => {
  clock = new TestClock();
  api = apiWith();
  jobId = `job-${++jobs}`;
  table.before = undefined;
});

/** A job that runs until it is told to stop. */
function obedientJob() {
  const started = Promise.withResolvers<void>();
  const { run, lines, deadLetters } = trackedBench(table, clock, {
    run: (_, { signal }) => {
      started.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
  });
  return { run: () => run([delivery(jobId)]), started: started.promise, lines, deadLetters };
}

describe('cancelling a job of which nothing is known yet, by its name', () => {
  test('has its first attempt acknowledge the message without running it', async () => {
    const answer = await cancel('TestJob');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      jobId,
      jobName: 'TestJob',
      state: 'cancelled',
      maxAttempts: 3,
      links: { self: `/jobs/${jobId}` },
    });
    let runs = 0;
    const { run, deadLetters } = trackedBench(table, clock, { run: () => ++runs });
    expect(reported(await run([delivery(jobId)]))).toEqual([]);
    expect([runs, deadLetters]).toEqual([0, []]);
    expect(await states()).toEqual(['queued', 'cancelled']);
    expect((await cancel('TestJob')).status).toBe(200);
    const { jobs } = (await (await api.request('/jobs?jobName=TestJob')).json()) as { jobs: object[] };
    expect(jobs).toContainEqual(expect.objectContaining({ jobId }));
  });

  test.each([
    ['before its record is written', 'Put'],
    ['before its record is cancelled', 'Update'],
  ])('asks it to stop where its attempt begins meanwhile, %s', async (_when, call) => {
    const job = obedientJob();
    let running: ReturnType<typeof job.run> | undefined;
    table.before = async (now) => {
      if (now !== call) return;
      table.before = undefined;
      running = job.run();
      await job.started;
    };
    const answer = await cancel('TestJob');
    expect([answer.status, await answer.json()]).toEqual([
      202,
      expect.objectContaining({ state: 'running', isCancelRequested: true }),
    ]);
    while ((await states()).at(-1) !== 'cancelled') await clock.advance(500);
    expect(reported(await (running as NonNullable<typeof running>))).toEqual([]);
    expect(job.deadLetters).toEqual([]);
  });

  test('is too late where it has ended meanwhile', async () => {
    const { run } = trackedBench(table, clock, { run: () => 'done' });
    table.before = async (call) => {
      if (call !== 'Put') return;
      table.before = undefined;
      await run([delivery(jobId)]);
    };
    expect(await problemIn(await cancel('TestJob'))).toMatchObject({ status: 409, state: 'succeeded' });
  });

  test.each([
    ['without its name', undefined, '/problems/unknown-job-id'],
    ['by a name that does not track', 'OtherJob', '/problems/unknown-job'],
  ])('is refused %s, and records nothing', async (_how, jobName, type) => {
    expect(await problemIn(await cancel(jobName))).toMatchObject({ status: 404, type });
    expect(await table.item(jobId)).toBeUndefined();
  });

  test('is refused to the bearer of a token, who could take any ID by it', async () => {
    api = apiWith({ auth: 'jwt' });
    const answer = await cancel('TestJob', tokenOf('ida'));
    expect(await problemIn(answer)).toMatchObject({ status: 404, type: '/problems/unknown-job-id' });
    expect(await table.item(jobId)).toBeUndefined();
  });
});

test('a job of another name that has the same ID is left alone', async () => {
  await trackedBench(table, clock, { run: () => Promise.reject(new Error('no')) }).run([delivery(jobId)]);
  const others = [
    { name: 'TestJob', maxAttempts: 3 },
    { name: 'OtherJob', maxAttempts: 3 },
  ];
  api = apiWith({ jobs: others });
  expect((await cancel('OtherJob')).status).toBe(404);
  expect(await states()).toEqual(['running', 'retrying']);
  expect((await cancel('TestJob')).status).toBe(200);
});

async function states(): Promise<string[]> {
  return (await table.item(jobId))?.history.map(({ state }) => state) ?? [];
}
