import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { discoverJobs } from '../../../lib/discovery/discovery.ts';
import { InvalidJobsError, type JobFileProblem } from '../../../lib/discovery/problems.ts';
import { jobFile, temporaryProject } from '../project.ts';

const run = 'run() {}';

async function problemsOf(files: Record<string, string>): Promise<JobFileProblem[]> {
  const paths = Object.entries(files).map(([file, text]) => [`src/jobs/${file}`, text] as const);
  const root = temporaryProject(Object.fromEntries(paths));
  const error = await discoverJobs(join(root, 'src/jobs')).catch((thrown: unknown) => thrown);
  return error instanceof InvalidJobsError ? [...error.problems] : [];
}

test('jobs may recur, each with schedules of the same names', async () => {
  const schedule = "schedule: ['rate(1 day)', { expression: 'rate(1 hour)', name: 'often' }],";
  expect(await problemsOf({ 'A.ts': jobFile(schedule + run), 'B.ts': jobFile(schedule + run) })).toEqual([]);
});

test("a wrong expression is an error with the file's name and the option", async () => {
  const [problem, ...more] = await problemsOf({
    'A.ts': jobFile(`schedule: ['rate(1 day)', { expression: 'cron(0 9 * * MON)' }], ${run}`),
  });
  expect(more).toEqual([]);
  expect(problem).toMatchObject({
    file: expect.stringMatching(/A\.ts$/),
    option: 'schedule[1].expression',
    given: "'cron(0 9 * * MON)', where the expression is '0 9 * * MON'",
    advice: expect.stringMatching(/add the year/),
  });
});

test('a payload is validated by the schema in the file, which may take its time', async () => {
  const schema = `{ '~standard': { version: 1, vendor: 'test', validate: async (value) =>
    value.friendName ? { value } : { issues: [{ message: 'is missing', path: ['friendName'] }] } } }`;
  const file = (schedule: string) => jobFile(`payload: ${schema}, schedule: ${schedule}, ${run}`);
  expect(
    await problemsOf({ 'A.ts': file("{ expression: 'rate(1 day)', payload: { friendName: 'Ida' } }") }),
  ).toEqual([]);
  expect(await problemsOf({ 'A.ts': file("'rate(1 day)'") })).toMatchObject([
    { option: 'schedule.payload', bound: expect.stringMatching(/does not fit A: friendName: is missing/) },
  ]);
});

test('a name that is too long with its job’s is an error that says by how much', async () => {
  const job = 'x'.repeat(50);
  const file = (name: string) => jobFile(`schedule: { expression: 'rate(1 day)', name: '${name}' }, ${run}`);
  expect(await problemsOf({ [`${job}.ts`]: file('y'.repeat(13)) })).toEqual([]);
  expect(await problemsOf({ [`${job}.ts`]: file('y'.repeat(15)) })).toMatchObject([
    {
      option: 'schedule.name',
      given: expect.stringMatching(/of 66 characters$/),
      bound: 'at most 64 characters (EventBridge Scheduler)',
      advice: "shorten the schedule's or the file's name by 2",
    },
  ]);
});

test('two jobs whose schedules would have the same name are both told', async () => {
  const problems = await problemsOf({
    'Send.ts': jobFile(`schedule: { expression: 'rate(1 day)', name: 'all-1' }, ${run}`),
    'Send-all.ts': jobFile(`schedule: 'rate(1 day)', ${run}`),
  });
  expect(problems.map(({ given, bound }) => `${given}: ${bound}`).sort()).toEqual([
    "a schedule named 'Send-all-1': a name that no schedule of Send has",
    "a schedule named 'Send-all-1': a name that no schedule of Send-all has",
  ]);
});
