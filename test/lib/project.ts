import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';

export const repository = join(import.meta.dirname, '../..');

const roots: string[] = [];
afterAll(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** A project in a temporary directory: the real src/job, a small runtime, and the files given. Gone after the tests. */
export function temporaryProject(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'serverless-jobs-')));
  roots.push(root);
  cpSync(join(repository, 'src/job'), join(root, 'src/job'), { recursive: true });
  writeFiles(root, { 'package.json': '{"type":"module"}', 'src/runtime/handler.ts': smallRuntime, ...files });
  return root;
}

/** The same with all of src/ but the jobs, and with this repository's packages. */
export function realProject(files: Readonly<Record<string, string>>): string {
  const root = temporaryProject({});
  const [source, jobs] = [join(repository, 'src'), join(repository, 'src/jobs')];
  cpSync(source, join(root, 'src'), { recursive: true, filter: (path) => !path.startsWith(jobs) });
  cpSync(join(repository, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  writeFiles(root, files);
  return root;
}

export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}

/** A job file with the options given, as they would be written. */
export function jobFile(options = '', imports = ''): string {
  return `import { defineJob } from '../job/index.ts';\n${imports}\nexport default defineJob({ ${options} });\n`;
}

const smallRuntime = `
export function createHandler(job: { run(payload: unknown, context: unknown): unknown }, jobName: string) {
  return (payload: unknown) => job.run(payload, { jobName });
}
`;
