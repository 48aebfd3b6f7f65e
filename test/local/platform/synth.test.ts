import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { StateDirectoryError } from '../../../local/platform/platformFile.ts';
import { removeOldAssemblies, SynthFailedError, synthesize } from '../../../local/platform/synth.ts';
import { eventually } from '../aws/fixtures/assembly/eventually.ts';
import { isRunning } from '../aws/lambda/processes.ts';

let project: string;
const app = `
import { mkdirSync, writeFileSync } from 'node:fs';
const out: string = process.env.CDK_OUTDIR!;
mkdirSync(out, { recursive: true });
writeFileSync(out + '/manifest.json', process.env.CDK_CONTEXT_JSON!);
console.error('a warning, validation ' + process.env.CDK_VALIDATION);
`;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'synth-'));
  await mkdir(join(project, 'bin'));
  await writeFile(join(project, 'bin/app.ts'), app);
  await writeFile(join(project, 'cdk.json'), JSON.stringify({ context: { stage: 'dev', flag: true } }));
});
afterEach(() => rm(project, { recursive: true, force: true }));

const options = () => ({ projectDirectory: project, stateDirectory: join(project, '.local') });

test('each synth has a directory of its own, the context of cdk.json with overrides, and no validation', async () => {
  const first = await synthesize({ ...options(), context: { stage: 'prod' } });
  const second = await synthesize(options());
  expect([first, second].map(({ assemblyDirectory }) => assemblyDirectory)).toEqual(
    ['1', '2'].map((n) => join(project, '.local/cdk.out', n)),
  );
  expect(first.output).toBe('a warning, validation false');
  const context = JSON.parse(await readFile(join(first.assemblyDirectory, 'manifest.json'), 'utf8'));
  expect(context).toEqual({ stage: 'prod', flag: true, 'aws:cdk:enable-path-metadata': true });
});

test('a failed synth says what the app said and leaves nothing', async () => {
  await synthesize(options());
  await writeFile(
    join(project, 'bin/app.ts'),
    `${app}\nconsole.error('src/jobs/X.ts: timeout 20m is over 15m');process.exitCode = 1;`,
  );
  await expect(synthesize(options())).rejects.toThrow(SynthFailedError);
  await expect(synthesize(options())).rejects.toThrow(/timeout 20m is over 15m/);
  expect(await readdir(join(project, '.local/cdk.out'))).toEqual(['1']);
});

/** Says in a file which process it is. */
const looping = `import { writeFileSync } from 'node:fs';\nwriteFileSync('pid', String(process.pid));\nfor (;;);`;

test('an app that does not end is stopped after the deadline, and the message says what to do', async () => {
  await writeFile(join(project, 'bin/app.ts'), looping);
  const error = await synthesize({ ...options(), deadlineMs: 500 }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(SynthFailedError);
  expect(error.message).toMatch(
    /bin\/app\.ts had not ended after 0\.5 s and was stopped: .* move it into run/,
  );
  expect(await readdir(join(project, '.local/cdk.out'))).toEqual([]);
});

test('a signal ends it at once, its process included', async () => {
  await writeFile(join(project, 'bin/app.ts'), looping);
  const outdated = new AbortController();
  const synth = synthesize({ ...options(), signal: outdated.signal });
  const pid = await eventually(
    'the app loops',
    async () => Number(await readFile(join(project, 'pid'), 'utf8').catch(() => '')) || undefined,
  );
  outdated.abort();
  await expect(synth).rejects.toBe(outdated.signal.reason);
  await eventually('it is gone', () => !isRunning(pid));
  expect(await readdir(join(project, '.local/cdk.out'))).toEqual([]);
});

test('an app that loops ends with the process that synthesizes', async () => {
  await writeFile(join(project, 'bin/app.ts'), looping);
  const module = join(import.meta.dirname, '../../../local/platform/synth.ts');
  const source = `import { statSync } from 'node:fs';
    import { synthesize } from ${JSON.stringify(module)};
    void synthesize(${JSON.stringify(options())});
    setInterval(() => statSync('pid', { throwIfNoEntry: false })?.size && process.exit(), 5);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd: project });
  await once(parent, 'exit');
  const pid = Number(await readFile(join(project, 'pid'), 'utf8'));
  try {
    await eventually('it is gone', () => !isRunning(pid), 5_000);
  } finally {
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  }
});

test('what the app says of its directory holds when that has its final name', async () => {
  await writeFile(join(project, 'bin/app.ts'), `${app}\nconsole.log('see ' + out + '/report.json');`);
  const { assemblyDirectory, output } = await synthesize(options());
  expect(output).toContain(`see ${assemblyDirectory}/report.json`);
});

test('a state directory that is a file is said in a line', async () => {
  await writeFile(join(project, '.local'), '');
  const error = await synthesize(options()).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(StateDirectoryError);
  expect(error.message).toMatch(
    /^The local platform keeps its files in .*\.local, which cannot be written \(E.*\)\. Make/,
  );
});

test('a cdk.json that is not JSON is named', async () => {
  await writeFile(join(project, 'cdk.json'), '{');
  await expect(synthesize(options())).rejects.toThrow(/cdk\.json is not JSON/);
});

test('old assemblies go, except the newest two and those in use', async () => {
  for (let count = 0; count < 5; count++) await synthesize(options());
  const root = join(project, '.local/cdk.out');
  await mkdir(join(root, 'partial-killed'));
  await removeOldAssemblies(join(project, '.local'), [join(root, '2', 'asset.abc')]);
  expect((await readdir(root)).sort()).toEqual(['2', '4', '5']);
  expect(existsSync(join(root, '5/manifest.json'))).toBe(true);
});
