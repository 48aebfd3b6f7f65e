import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { projectWith } from '../../../bench/project.ts';
import { buildJobs } from '../../../lib/bundle/build.ts';
import { discoverJobs } from '../../../lib/discovery/discovery.ts';
import { jobFile } from '../../lib/project.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { statusTable } from '../tracking/testTable.ts';
import { startPlatform, type TestPlatform, tableName } from './platform.ts';

const root = resolve(import.meta.dirname, '../../..');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('a worker runs from its bundle alone, with health and metrics, and in a directory without node_modules', async () => {
  const platform = await platformForTest();
  const directory = await directoryForTest();
  const source = {
    name: 'GreetingJob',
    file: 'test/jobs/GreetingJob.ts',
    isIdempotent: false,
    isTracked: false,
  };
  const { outputs } = await buildJobs([source], root, 'worker');
  await writeFile(join(directory, 'index.mjs'), outputs.get('GreetingJob')?.code ?? '');

  const worker = startBundle('index.mjs', directory, platform);
  await platform.send([{ friendName: 'Hank' }]);
  await worker.says('"succeeded"');
  expect(await worker.health()).toBe(200);
  // A run is counted once it is settled, a moment after it has said that it succeeded.
  const counted = 'jobs_worker_runs_total{job="GreetingJob",outcome="succeeded"} 1';
  await until(async () => (await worker.metrics()).includes(counted), 60_000);
  expect(await worker.stop()).toBe(0);
});

describe('what the Dockerfile makes of a project', () => {
  test('is a worker of every job, and each starts by its name', async () => {
    const directory = await bundlesOf(root);
    const { jobs } = await discoverJobs(join(root, 'src/jobs'));
    expect((await readdir(directory)).sort()).toEqual(jobs.map(({ name }) => name).sort());
    const platform = await platformForTest();
    const starts = jobs.map(async ({ name }) => {
      const worker = startBundle(name, directory, platform);
      await worker.says('"healthUrl"');
      expect(await worker.health()).toBe(200);
      expect(await worker.stop()).toBe(0);
    });
    await Promise.all(starts);
  });

  test('runs messages of jobs that are tracked, idempotent or both, and says what a worker lacks', async () => {
    const project = await projectWith({
      'TrackedJob.ts': jobFile('track: true, run() {}'),
      'OnceJob.ts': jobFile("idempotency: { for: '1d' }, run() {}"),
      'TrackedOnceJob.ts': jobFile("track: true, idempotency: { for: '1d' }, run() {}"),
    });
    cleanups.push(() => rm(project, { recursive: true }));
    const directory = await bundlesOf(project);
    const platform = await platformForTest();
    await platform.createTable();
    await platform.engine.dynamo('CreateTable', statusTable(statusTableName));
    for (const name of ['TrackedJob', 'OnceJob', 'TrackedOnceJob']) {
      const worker = startBundle(name, directory, platform);
      await platform.send([{}]);
      await worker.says('"succeeded"');
      expect(await worker.stop()).toBe(0);
    }
    const homeless = spawn(process.execPath, ['TrackedJob'], { cwd: directory, env: {} });
    const [errors, [exitCode]] = await Promise.all([text(homeless.stderr), once(homeless, 'close')]);
    expect(errors).toBe("error: TrackedJob's queue is not known: set JOB_QUEUE_URL to its URL\n");
    expect(exitCode).toBe(2);
  });
});

const statusTableName = 'jobs-test-status';

async function platformForTest(): Promise<TestPlatform> {
  const platform = await startPlatform();
  cleanups.push(() => platform.stop());
  return platform;
}

async function directoryForTest(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'worker-bundle-'));
  cleanups.push(() => rm(directory, { recursive: true }));
  return directory;
}

/** What the Dockerfile makes of a project's jobs. */
async function bundlesOf(project: string): Promise<string> {
  const directory = join(await directoryForTest(), 'bundles');
  const script = spawn(process.execPath, ['bin/workerBundles.ts', directory], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  expect(await once(script, 'close')).toEqual([0, null]);
  return directory;
}

/** Runs a worker's bundle, in an environment as in the stack. */
function startBundle(name: string, directory: string, platform: TestPlatform) {
  const child = spawn(process.execPath, [name], {
    cwd: directory,
    env: {
      ...platform.environment,
      JOB_QUEUE_URL: platform.queueUrl,
      JOB_DEAD_LETTER_QUEUE_URL: platform.deadLetterQueueUrl,
      JOB_IDEMPOTENCY_TABLE: tableName,
      JOB_STATUS_TABLE: statusTableName,
      JOB_STOP_TIMEOUT: '1s',
      JOB_HEALTH_PORT: '0',
    },
  });
  cleanups.push(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close');
  const fetched = (path: string) => fetch(`${/"healthUrl":"([^"]+)"/.exec(output)?.[1]}${path}`);
  return {
    async says(words: string): Promise<void> {
      await until(() => output.includes(words) || child.exitCode !== null, 60_000).catch(() => {});
      if (!output.includes(words)) throw new Error(`${name} does not say ${words}:\n${output}`);
    },
    health: async () => (await fetched('/healthz')).status,
    metrics: async () => (await fetched('/metrics')).text(),
    async stop(): Promise<number | null> {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}
