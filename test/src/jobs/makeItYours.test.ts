import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { linkPackages } from '../../../bench/project.ts';
import { eventually } from '../../local/aws/fixtures/assembly/eventually.ts';

jest.setTimeout(300_000);

const root = join(import.meta.dirname, '../../..');

/** What its processes take for the machine's temporary directory; the project is in it, too. */
let temporary: string;
let project: string;
const running = new Set<ChildProcess>();

describe('a project without the samples, made as the README says, with a job of its own', () => {
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'make-it-yours-'));
    project = join(temporary, 'project');
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    }).split('\0');
    for (const file of files.filter(Boolean)) await cp(join(root, file), join(project, file));
    await linkPackages(join(root, 'node_modules'), join(project, 'node_modules'));
    for (const path of await pathsToDelete()) await rm(join(project, path), { recursive: true });
    await writeJob();
  });
  afterAll(async () => {
    for (const child of running) kill(child, 'SIGKILL');
    await rm(temporary, { recursive: true, force: true });
  });

  test('is synthesized, and its types are written', async () => {
    await npm('run', 'synth');
    const types = await readFile(join(project, 'src/jobs.generated.ts'), 'utf8');
    expect(types).toContain('ReportJob: typeof ReportJob;');
    expect(types).not.toContain('GreetingJob');
  });

  test('passes the checks', async () => {
    await npm('run', 'check');
  });

  test('runs the job on the laptop when it is published by the CLI', async () => {
    const run = start('start', '--', '--port', '0', '--console-port', '0', '--api-port', '0');
    await eventually('the platform is ready', () => run.says('Ctrl-C stops'), 120_000);
    await npm('run', 'jobs', '--', 'publish', 'ReportJob', '{"title":"the year"}');
    await eventually('the job logs', () => run.says('reported the year'), 60_000);
    kill(run.child, 'SIGINT');
    await run.ended;
  });

  // Some that once stood on the samples: all tests would take as long as the run that this is a part of.
  test('passes the tests', async () => {
    await npm('test', '--', 'test/lib/discovery', 'test/cli/publish.test');
  });
});

/** What the README tells to delete, `*` left out. */
async function pathsToDelete(): Promise<string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, sentence = ''] = /\*\*Make it yours\.\*\*.*?delete (.*?):/s.exec(readme) ?? [];
  const paths = [...sentence.matchAll(/`([^`]+)`/g)].map(([, path]) => (path as string).replace(/\/\*$/, ''));
  expect(paths).toContain('src/jobs');
  return paths;
}

async function writeJob(): Promise<void> {
  const file = join(project, 'src/jobs/ReportJob.ts');
  await mkdir(dirname(file));
  await writeFile(
    file,
    `import * as z from 'zod/mini';
import { defineJob } from '../job/index.ts';

export default defineJob({
  payload: z.object({ title: z.string() }),

  run({ title }, { log }) {
    log.info(\`reported \${title}\`);
  },
});
`,
  );
}

/** Starts npm in the project, as a group of processes, which Ctrl-C ends. */
function start(...words: string[]) {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env; // nothing of the Jest around it
  const env = { PATH, HOME, NODE_COMPILE_CACHE, TMPDIR: temporary, GOGC: '400' }; // tsc: memory for time
  const child = spawn('npm', words, { cwd: project, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const says = (text: string): boolean => {
    if (child.exitCode !== null) throw new Error(`npm ${words.join(' ')} ended:\n${output}`);
    return output.includes(text);
  };
  running.add(child);
  const ended = once(child, 'close').finally(() => running.delete(child));
  return { child, says, output: () => output, ended };
}

/** @throws {Error} with all that was said, where it fails */
async function npm(...words: string[]): Promise<void> {
  const run = start(...words);
  const [code] = await run.ended;
  if (code !== 0) throw new Error(`npm ${words.join(' ')} ended with ${code}:\n${run.output()}`);
}

function kill({ pid = 0 }: ChildProcess, signal: NodeJS.Signals): void {
  process.kill(-pid, signal);
}
