import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A copy of this project in a temporary directory, with these job files instead of its own. */
export async function projectWith(jobFiles: Readonly<Record<string, string>>): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'serverless-jobs-bench-'));
  const root = resolve(import.meta.dirname, '..');
  for (const entry of copied) await cp(join(root, entry), join(project, entry), { recursive: true });
  await linkPackages(join(root, 'node_modules'), join(project, 'node_modules'));
  await rm(join(project, 'src/jobs'), { recursive: true });
  await mkdir(join(project, 'src/jobs'));
  for (const [name, source] of Object.entries(jobFiles)) {
    await writeFile(join(project, 'src/jobs', name), source);
  }
  return project;
}

const copied = [
  'bin',
  'lib',
  'src',
  'local',
  'bench',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'cdk.json',
];

/** A link for each package, so that the copy has a `node_modules/.cache` of its own. */
export async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (name !== '.cache') await symlink(join(from, name), join(to, name));
  }
}
