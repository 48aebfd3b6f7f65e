import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { discoverJobs } from '../../../lib/discovery/discovery.ts';
import { InvalidJobsError } from '../../../lib/discovery/problems.ts';
import { resourceNames } from '../../../lib/platform/resourceNames.ts';
import { jobFile, repository, temporaryProject } from '../project.ts';

const run = 'run() {}';

async function discover(files: Record<string, string>, names = resourceNames()) {
  const root = temporaryProject(
    Object.fromEntries(Object.entries(files).map(([file, text]) => [`src/jobs/${file}`, text])),
  );
  return discoverJobs(join(root, 'src/jobs'), names);
}

async function problemsOf(files: Record<string, string>, names = resourceNames()): Promise<InvalidJobsError> {
  const error = await discover(files, names).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidJobsError);
  return error as InvalidJobsError;
}

describe('what is a job', () => {
  test('the files of a directory, sorted by name', async () => {
    const { jobs } = await discoverJobs(join(repository, 'test/jobs'));
    const names = jobs.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['GreetingJob', 'PushupsJob']));
    expect(names).toEqual(names.toSorted());
    expect(jobs[0]?.job.run).toBeInstanceOf(Function);
  });

  test('only .ts files directly in the directory; no declarations, tests or folders', async () => {
    const found = await discover({
      'B.ts': jobFile(run),
      'A.ts': jobFile(run),
      'A.test.ts': 'throw new Error("must not be loaded");',
      'types.d.ts': 'throw new Error("must not be loaded");',
      'notes.md': '',
      'folder.ts/index.ts': 'throw new Error("must not be loaded");',
      'shared/C.ts': 'throw new Error("must not be loaded");',
    });
    expect(found.jobs.map(({ name, file }) => [name, basename(file)])).toEqual([
      ['A', 'A.ts'],
      ['B', 'B.ts'],
    ]);
    expect(found.warnings).toEqual([]);
  });

  test('a file without a job gets no resources and a warning that names it', async () => {
    const { jobs, warnings } = await discover({
      'A.ts': jobFile(run),
      'constants.ts': 'export const answer = 42;',
      'PlainObject.ts': 'export default { run() {} };',
    });
    expect(jobs.map(({ name }) => name)).toEqual(['A']);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(
      /PlainObject\.ts has a default export that is no job, so it gets no resources/,
    );
    expect(warnings[1]).toMatch(/constants\.ts has no default export/);
  });

  test.each(['mts', 'cts', 'tsx', 'js', 'mjs', 'cjs', 'jsx', 'TS'])(
    'a file that ends in .%s is not loaded, and a warning says what to call it',
    async (ending) => {
      const { jobs, warnings } = await discover({
        'A.ts': jobFile(run),
        [`Report.${ending}`]: 'throw new Error("must not be loaded");',
        [`Report.test.${ending}`]: 'throw new Error("must not be loaded");',
      });
      expect(jobs.map(({ name }) => name)).toEqual(['A']);
      expect(warnings).toEqual([
        expect.stringMatching(
          new RegExp(`Report\\.${ending} does not end in \\.ts, .* Rename it to Report\\.ts, or move`),
        ),
      ]);
    },
  );

  test('hidden files are none: an editor’s locks, a file system’s notes', async () => {
    const root = temporaryProject({ 'src/jobs/A.ts': jobFile(run), 'src/jobs/._A.ts': '\u0000' });
    symlinkSync('nobody@nowhere.1', join(root, 'src/jobs/.#A.ts'));
    const { jobs, warnings } = await discoverJobs(join(root, 'src/jobs'));
    expect([jobs.map(({ name }) => name), warnings]).toEqual([['A'], []]);
  });

  test('no directory: an error that names it', async () => {
    await expect(discoverJobs('/nowhere/src/jobs')).rejects.toThrow(/Cannot read the job files in .*nowhere/);
  });

  test('no jobs at all is no error', async () => {
    expect(await discover({ 'readme.md': '' })).toEqual({ jobs: [], warnings: [] });
  });
});

describe('what cannot be synthesized', () => {
  test.each([
    [
      'a bad duration',
      { 'A.ts': jobFile(`timeout: '5 minutes', ${run}`) },
      'timeout',
      "'5 minutes'",
      /1s to 15m/,
    ],
    [
      'a bound exceeded',
      { 'A.ts': jobFile(`timeout: '20m', ${run}`) },
      'timeout',
      "'20m'",
      /1s to 15m \(a Lambda/,
    ],
    [
      'a number out of bounds',
      { 'A.ts': jobFile(`maxConcurrency: 1, ${run}`) },
      'maxConcurrency',
      '1',
      /2 to 1000/,
    ],
    ['no run', { 'A.ts': jobFile('') }, 'run', 'nothing', /a function/],
    ['a name SQS cannot carry', { 'my job.ts': jobFile(run) }, 'file name', "'my job'", /letters, digits/],
    [
      'a name of the platform',
      { 'unrouted.ts': jobFile(run) },
      'file name',
      "'unrouted'",
      /taken by the platform/,
    ],
    [
      'a file that throws on import',
      { 'A.ts': `const table = process.env.NO_SUCH_TABLE!.length;\n${jobFile(run)}` },
      'import',
      'TypeError',
      /loads with an empty environment/,
    ],
    [
      'a file that throws no error',
      { 'A.ts': 'throw "just text";' },
      'import',
      'it throws just text',
      /a module that/,
    ],
    ['a missing module', { 'A.ts': "import './missing.ts';" }, 'import', 'missing.ts', /a module that loads/],
  ] as const)('%s', async (_what, files, option, given, bound) => {
    const [file] = Object.keys(files) as [string];
    const { problems, message } = await problemsOf(files);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ option, given: expect.stringContaining(given) });
    expect(basename(problems[0]?.file ?? '')).toBe(file);
    expect(problems[0]?.bound).toMatch(bound);
    for (const part of [file, option, given, problems[0]?.advice ?? '?']) expect(message).toContain(part);
  });

  test('the advice for an import that throws mentions the empty environment', async () => {
    const { message } = await problemsOf({ 'A.ts': 'throw new Error("no TABLE_NAME");' });
    expect(message).toContain('a job file must load with an empty environment');
    expect(message).toContain('no TABLE_NAME');
  });

  test.each([
    ['a schema', jobFile(`payload: { get '~standard'() { throw new Error('no'); } }, ${run}`)],
    ['a permission', jobFile(`permissions: [{ get Action() { throw new Error('no'); } }], ${run}`)],
    ['its compute', jobFile(`compute: { get type() { throw new Error('no'); } }, ${run}`)],
    ['a proxy', "export default new Proxy({}, { has() { throw new Error('no'); } });"],
  ])('a job that throws when it is read: %s', async (_what, text) => {
    const { problems, message } = await problemsOf({ 'A.ts': text, 'B.ts': jobFile('') });
    expect(problems.map(({ option }) => option)).toEqual(['default export', 'run']);
    expect(message).toMatch(
      /src\/jobs\/A\.ts\n.*cannot be read: Error: no \(line \d\); allowed: what defineJob/,
    );
  });

  test.each([
    ['throw Object.create(null);', 'it throws something that has no text'],
    ["throw Object.assign(new Error('no'), { name: Symbol('Odd') });", 'Symbol(Odd): no'],
    ["throw Object.defineProperty(new Error(), 'message', { get() { throw 1; } });", 'Error: '],
  ])('a file that throws what has no text of its own: %s', async (text, given) => {
    const { problems } = await problemsOf({ 'A.ts': text });
    expect(problems).toMatchObject([{ option: 'import', given: expect.stringContaining(given) }]);
  });

  test('names that differ only by case', async () => {
    const { problems } = await problemsOf({ 'Report.ts': jobFile(run), 'report.ts': jobFile(run) });
    expect(problems.map(({ given }) => given)).toEqual([
      "'Report' beside 'report'",
      "'report' beside 'Report'",
    ]);
    expect(problems[0]?.bound).toMatch(/upper and lower case/);
  });

  test('names too long with the prefix: the function first, then the dead-letter queue', async () => {
    const prefix = 'jobs-dev-'.length;
    const fits = 'A'.repeat(64 - prefix);
    expect((await discover({ [`${fits}.ts`]: jobFile(run) })).jobs).toHaveLength(1);

    const { problems } = await problemsOf({ [`${fits}B.ts`]: jobFile(run) });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.given).toContain('of 65 characters');
    expect(problems[0]?.bound).toBe('at most 64 characters (Lambda)');

    const longest = resourceNames({ platform: 'a'.repeat(20), stage: 'b'.repeat(20) });
    const both = await problemsOf({ [`${'C'.repeat(26)}.ts`]: jobFile(run) }, longest);
    expect(both.problems.map(({ bound }) => bound)).toEqual([
      'at most 64 characters (Lambda)',
      'at most 80 characters (SQS)',
    ]);
    expect(both.problems.map(({ advice }) => advice)).toEqual([
      expect.stringMatching(/by 4$/),
      expect.stringMatching(/by 1$/),
    ]);
  });

  test('one error lists every problem of every file', async () => {
    const { problems, message } = await problemsOf({
      'A.ts': jobFile(`timeout: '20m', batchSize: 0, ${run}`),
      'B.ts': jobFile(`alarmAfter: 'soon', ${run}`),
      'C.ts': jobFile(run),
      'D.ts': 'export const nothing = 1;',
    });
    expect(problems.map(({ file, option }) => `${basename(file)} ${option}`)).toEqual([
      'A.ts timeout',
      'A.ts batchSize',
      'B.ts alarmAfter',
    ]);
    expect(message).toMatch(/3 problems.*Nothing was written/);
    expect(message).not.toContain('C.ts');
  });
});

test.each([
  ['stage', { stage: 'Prod' }],
  ['stage', { stage: '' }],
  ['stage', { stage: 'a'.repeat(21) }],
  ['stage', { stage: 'feature/x' }],
  ['platform', { platform: '1jobs' }],
  ['platform', { platform: 'jobs-' }],
  ['platform', { platform: 'awsjobs' }],
  ['platform', { platform: 'ssm' }],
])('a %s that cannot be part of a name: %j', (what, id) => {
  expect(() => resourceNames(id)).toThrow(new RegExp(`The ${what} '.*' cannot be part of a resource's name`));
});
