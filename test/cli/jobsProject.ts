import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/**
 * A project in a temporary directory, with the CLI and the jobs of `test/jobs`: the CLI looks jobs up in the project that
 * it stands in. Gone after the tests.
 */
const project = mkdtempSync(join(tmpdir(), 'jobs-cli-project-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

const root = join(import.meta.dirname, '../..');
const samples = join(root, 'src/jobs');
for (const entry of ['bin', 'cli', 'src', 'package.json']) {
  cpSync(join(root, entry), join(project, entry), { recursive: true, filter: (file) => file !== samples });
}
cpSync(join(root, 'test/jobs'), join(project, 'src/jobs'), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));

/** What `npm run jobs` runs there. */
export const program = join(project, 'bin/jobs.ts');

/** For the environment of its processes: what Node compiles goes with the project. */
export const compileCache = { NODE_COMPILE_CACHE: join(project, 'compiled') };

/** The same for a test's own process: `runProgram`. */
export const { runProgram } = (await import(
  join(project, 'cli/program.ts')
)) as typeof import('../../cli/program.ts');
