import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { workerBudgetBytes } from '../../../lib/bundle/budget.ts';
import { type BundledJob, bundleJobs } from '../../../lib/bundle/bundle.ts';
import { entryModule } from '../../../lib/bundle/entry.ts';
import { BundleWallError } from '../../../lib/bundle/wall.ts';
import { discoverJobs } from '../../../lib/discovery/discovery.ts';
import { jobFile, realProject, temporaryProject } from '../project.ts';

async function bundle(root: string): Promise<{ jobs: BundledJob[]; warnings: string[] }> {
  return bundleJobs((await discoverJobs(join(root, 'src/jobs'))).jobs, { root });
}

const runs = "run() { return 'done'; }";

test('the generated entry of a worker', () => {
  const source = { name: 'Echo', file: 'src/jobs/Echo.ts', isTracked: false };
  expect(entryModule({ ...source, isIdempotent: false }, 'worker')).toBe(
    "import job from './src/jobs/Echo.ts';\n" +
      "import { runWorkerProcess } from './src/worker/process.ts';\n" +
      "process.exitCode = await runWorkerProcess([{ job, name: 'Echo' }]);\n",
  );
  expect(entryModule({ ...source, isIdempotent: true }, 'worker')).toContain(
    "runWorkerProcess([{ job, name: 'Echo', once: dynamoOnce('Echo', job.idempotency) }])",
  );
  expect(entryModule({ ...source, isIdempotent: false, isTracked: true }, 'worker')).toContain(
    "runWorkerProcess([{ job, name: 'Echo', tracker: dynamoTracker('Echo') }])",
  );
});

describe("a worker's bundle", () => {
  test('is an image of its own: everything inside, within its budget, and it starts', async () => {
    const root = realProject({
      'src/jobs/Report.ts': jobFile(`compute: 'fargate', idempotency: { for: '1h' }, ${runs}`),
    });
    const { jobs, warnings } = await bundle(root);
    const { directory, bytes } = jobs[0]?.bundle ?? { directory: '', bytes: 0 };
    expect(warnings).toEqual([]);
    expect(bytes).toBeLessThanOrEqual(workerBudgetBytes);
    expect(readdirSync(directory).sort()).toEqual(['Dockerfile', 'index.mjs', 'index.mjs.map']);
    expect(readFileSync(join(directory, 'index.mjs'), 'utf8')).not.toMatch(/from ?["']@aws-sdk/);

    const alone = temporaryProject({});
    cpSync(directory, alone, { recursive: true });
    const run = spawnSync(process.execPath, ['index.mjs'], { cwd: alone, env: {}, encoding: 'utf8' });
    expect(run.stderr).toMatch(/JOB_QUEUE_URL/);
    expect(run.status).toBe(2);
  });

  test('its Dockerfile: Node 24, no root, and nothing to run on the builder', async () => {
    const root = temporaryProject({
      'src/worker/process.ts': 'export const runWorkerProcess = async () => 0;',
      'src/jobs/Report.ts': jobFile(`compute: 'fargate', ${runs}`),
    });
    const { jobs } = await bundle(root);
    const dockerfile = readFileSync(join(jobs[0]?.bundle.directory ?? '', 'Dockerfile'), 'utf8');
    expect(dockerfile).toMatch(/^FROM \S+node:24-slim$/m);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).not.toMatch(/^RUN|npm/m);
  });

  test('a job that moves to Fargate gets one, and its old one when it moves back', async () => {
    const file = 'src/jobs/Report.ts';
    const root = temporaryProject({
      'src/worker/process.ts': 'export const runWorkerProcess = async () => 0;',
      [file]: jobFile(`compute: process.env.TEST_COMPUTE as 'lambda', ${runs}`),
    });
    const { jobs } = await bundle(root);
    const [lambda] = jobs as [BundledJob];
    const onFargate = { ...lambda, job: { ...lambda.job, compute: 'fargate' as const } };
    const moved = await bundleJobs([onFargate], { root });
    const back = await bundleJobs([lambda], { root });
    expect(moved.jobs[0]?.bundle.hash).not.toBe(lambda.bundle.hash);
    expect(readdirSync(moved.jobs[0]?.bundle.directory ?? '')).toContain('Dockerfile');
    expect(back.jobs[0]?.bundle).toEqual(lambda.bundle);
  });

  test('the wall holds for it too', async () => {
    const root = temporaryProject({
      'src/worker/process.ts': "import '../../lib/stack.ts';\nexport const runWorkerProcess = async () => 0;",
      'lib/stack.ts': 'console.log(1);',
      'src/jobs/Report.ts': jobFile(`compute: 'fargate', ${runs}`),
    });
    const failure = bundle(root);
    await expect(failure).rejects.toThrow(BundleWallError);
    await expect(failure).rejects.toThrow("Report's bundle would carry lib/stack.ts");
  });
});
