import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { buildJobs } from '../../../lib/bundle/build.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { startPlatform } from './platform.ts';

const root = resolve(import.meta.dirname, '../../..');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('a worker runs from its bundle alone, with health and metrics, and in a directory without node_modules', async () => {
  const platform = await startPlatform();
  cleanups.push(() => platform.stop());
  const directory = await mkdtemp(join(tmpdir(), 'worker-bundle-'));
  cleanups.push(() => rm(directory, { recursive: true }));
  const source = {
    name: 'GreetingJob',
    file: 'src/jobs/GreetingJob.ts',
    isIdempotent: false,
    isTracked: false,
  };
  const { outputs } = await buildJobs([source], root, 'worker');
  await writeFile(join(directory, 'index.mjs'), outputs.get('GreetingJob')?.code ?? '');

  const child = spawn(process.execPath, ['index.mjs'], {
    cwd: directory,
    env: {
      ...platform.environment,
      JOB_QUEUE_URL: platform.queueUrl,
      JOB_DEAD_LETTER_QUEUE_URL: platform.deadLetterQueueUrl,
      JOB_STOP_TIMEOUT: '1s',
      JOB_HEALTH_PORT: '0',
    },
  });
  cleanups.push(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise((done) => child.once('close', done));
  await platform.send([{ friendName: 'Hank' }]);
  await until(() => output.includes('"succeeded"'), 60_000).catch(() => {
    throw new Error(output);
  });
  const [, url] = /"healthUrl":"([^"]+)"/.exec(output) ?? [];
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  // A run is counted once it is settled, a moment after it has said that it succeeded.
  const counted = 'jobs_worker_runs_total{job="GreetingJob",outcome="succeeded"} 1';
  await until(async () => (await (await fetch(`${url}/metrics`)).text()).includes(counted), 60_000);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('the Dockerfile’s own script makes a directory of each job that Node runs by its name', async () => {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  const [, script = ''] = /<<'EOF' bundle\.ts\n(.*?)\nEOF\n/s.exec(dockerfile) ?? [];
  const directory = await mkdtemp(join(root, 'node_modules/.cache-worker-image-'));
  cleanups.push(() => rm(directory, { recursive: true }));
  const file = join(directory, 'bundle.ts');
  const absolute = script
    .replaceAll("'./lib/", `'${root}/lib/`)
    .replaceAll('`bundles/', `\`${directory}/bundles/`);
  await writeFile(file.replace(/\.ts$/, '.mjs'), absolute);
  const bundled = spawn(process.execPath, [file.replace(/\.ts$/, '.mjs')], { cwd: root });
  expect(await new Promise((done) => bundled.once('close', done))).toBe(0);
  const child = spawn(process.execPath, ['GreetingJob'], { cwd: join(directory, 'bundles'), env: {} });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  expect(await new Promise((done) => child.once('close', done))).toBe(2);
  expect(errors).toBe("error: GreetingJob's queue is not known: set JOB_QUEUE_URL to its URL\n");
});
