import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { discoverJobs } from '../../../lib/discovery/discovery.ts';
import { jobTypes, writeJobTypes } from '../../../lib/discovery/loadJobs.ts';
import { SynthError } from '../../../lib/platform/synthError.ts';
import { repository, temporaryProject } from '../project.ts';

test('the file in the repository is what synth would write', async () => {
  const { jobs } = await discoverJobs(join(repository, 'src/jobs'));
  const text = readFileSync(join(repository, 'src/jobs.generated.ts'), 'utf8');
  expect(jobTypes(jobs.map(({ name }) => name))).toBe(text);
});

test('names that are no identifiers', () => {
  const text = jobTypes(['Jobs', 'delete', 'send-mail', 'send_mail']);
  expect(text).toContain("import type send$mail from './jobs/send-mail.ts';");
  expect(text).toContain("  'send-mail': typeof send$mail;");
  expect(text).toContain("import type send_mail from './jobs/send_mail.ts';");
  expect(text).toContain("import type delete$ from './jobs/delete.ts';");
  expect(text).toContain('  delete: typeof delete$;');
  expect(text).toContain("import type Jobs$ from './jobs/Jobs.ts';");
});

test('no jobs', () => {
  expect(jobTypes([])).toMatch(/\nexport interface Jobs \{\}\n$/);
});

test('a file that cannot be replaced is told, and nothing is left beside it', async () => {
  const directory = temporaryProject({ 'src/jobs.generated.ts/in-the-way.ts': '' });
  const written = writeJobTypes(['A'], join(directory, 'src/jobs.generated.ts'));
  await expect(written).rejects.toThrow(SynthError);
  await expect(written).rejects.toThrow(/jobs\.generated\.ts must be written again.*make it .*writable/);
  expect(readdirSync(join(directory, 'src')).filter((name) => name.startsWith('jobs'))).toEqual([
    'jobs.generated.ts',
  ]);
});

test('written only when it changes', async () => {
  const file = join(temporaryProject({}), 'src/jobs.generated.ts');
  expect(await writeJobTypes(['A'], file)).toBe(true);
  const { mtimeMs, ino } = statSync(file);
  expect(await writeJobTypes(['A'], file)).toBe(false);
  expect(statSync(file)).toMatchObject({ mtimeMs, ino });
  expect(await writeJobTypes(['A', 'B'], file)).toBe(true);
  writeFileSync(file, 'edited by hand');
  expect(await writeJobTypes(['A', 'B'], file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe(jobTypes(['A', 'B']));
});
