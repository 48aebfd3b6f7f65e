import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { removeOldAssemblies, SynthFailedError, synthesize } from '../../local/synth.ts';

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
