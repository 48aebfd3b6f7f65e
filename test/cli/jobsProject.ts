import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const prefix = join(fs.realpathSync(tmpdir()), 'jobs-cli-project-');

/**
 * A project with the CLI and the jobs of `test/jobs`: the CLI looks jobs up in the project that it stands in. All test
 * files share it, so that Jest and Node strip and compile its sources once.
 */
const project = sharedProject();

/** What `npm run jobs` runs there. */
export const program = join(project, 'bin/jobs.ts');

/** The same for a test's own process: `runProgram`. */
export const { runProgram } = (await import(
  join(project, 'cli/program.ts')
)) as typeof import('../../cli/program.ts');

/** Named after what is in it, so that another state of the sources makes another project. */
function sharedProject(): string {
  const directory = prefix + hashOfSources();
  if (fs.existsSync(directory)) {
    fs.utimesSync(directory, new Date(), new Date()); // not an old one
    return directory;
  }
  removeOldProjects();
  const unfinished = fs.mkdtempSync(prefix);
  const samples = join(root, 'src/jobs');
  for (const entry of ['bin', 'cli', 'src', 'package.json']) {
    const filter = (file: string) => file !== samples;
    fs.cpSync(join(root, entry), join(unfinished, entry), { recursive: true, filter });
  }
  fs.cpSync(join(root, 'test/jobs'), join(unfinished, 'src/jobs'), { recursive: true });
  fs.symlinkSync(join(root, 'node_modules'), join(unfinished, 'node_modules'));
  try {
    fs.renameSync(unfinished, directory);
  } catch (error) {
    fs.rmSync(unfinished, { recursive: true });
    if (!fs.existsSync(directory)) throw error; // else another test file was first
  }
  return directory;
}

function hashOfSources(): string {
  const hash = createHash('sha256').update(root);
  for (const file of fs.globSync(['package.json', '{bin,cli,src,test/jobs}/**/*.*'], { cwd: root }).sort()) {
    hash.update(`${file}\n`).update(fs.readFileSync(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Those of earlier days: of a newer one, a test may be running. */
function removeOldProjects(): void {
  const dayMs = 86_400_000;
  for (const old of fs.globSync(`${prefix}*`)) {
    const usedAt = fs.statSync(old, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (usedAt < Date.now() - dayMs) fs.rmSync(old, { recursive: true, force: true });
  }
}
