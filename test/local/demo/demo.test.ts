import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '../aws/fixtures/assembly/eventually.ts';

const bin = join(import.meta.dirname, '../../../bin/demo.ts');
const fixture = join(import.meta.dirname, '../aws/fixtures/assembly/writeAssembly.ts');

let project: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'demo-'));
  await mkdir(join(project, 'bin'));
});
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(project, { recursive: true, force: true });
});

/** A CDK app that makes a template with these jobs. */
function appWith(jobNames: readonly string[]): string {
  return `import { handlerThatSays, jobResources, topicResource, writeAssembly } from ${JSON.stringify(fixture)};
    const jobs = ${JSON.stringify(jobNames)}.map((name) => jobResources(name, 'a'));
    await writeAssembly(process.env.CDK_OUTDIR!, { test: { Resources: Object.assign({}, topicResource, ...jobs) } }, { a: handlerThatSays('a') });`;
}

function demo(output: 'pipe' | 'closed' = 'pipe') {
  const started = spawn(process.execPath, [bin], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const run = { child: started, errors: '', exit: once(started, 'close').then(([code]) => code) };
  started.stderr.on('data', (chunk) => {
    run.errors += chunk;
  });
  if (output === 'closed') started.stdout.destroy();
  else started.stdout.resume();
  return run;
}

test('says which job files it needs', async () => {
  await writeFile(join(project, 'bin/app.ts'), appWith(['PushupsJob', 'StretchJob']));
  const run = demo();
  expect(await run.exit).toBe(1);
  expect(run.errors).toMatch(/^The demo shows .* no job src\/jobs\/GreetingJob\.ts\. .*\n$/);
  expect(await readdir(join(project, '.local'))).toEqual(['cdk.out']);
});

test('shows a broken app as it is, whether anybody reads the output or not', async () => {
  await writeFile(
    join(project, 'bin/app.ts'),
    `console.error('src/jobs/X.ts: broken'); process.exitCode = 1;`,
  );
  const run = demo('closed');
  expect(await run.exit).toBe(1);
  expect(run.errors).toBe('src/jobs/X.ts: broken\n');
});

test('leaves nothing when it is stopped midway', async () => {
  await writeFile(join(project, 'bin/app.ts'), appWith(['GreetingJob', 'PushupsJob', 'StretchJob']));
  const here = join(project, 'publishing');
  await writeFile(
    join(project, 'bin/jobs.ts'),
    `import { writeFileSync } from 'node:fs';
     writeFileSync(${JSON.stringify(here)}, '');
     setInterval(() => {}, 1000);`,
  );
  const run = demo();
  await eventually('it publishes by the CLI', () => existsSync(here));
  expect(existsSync(join(project, '.local/platform.json'))).toBe(true);
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(1);
  expect(run.errors).toBe('The demo was stopped.\n');
  expect(await readdir(join(project, '.local'))).toEqual(['cdk.out']);
});
