import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { postJson } from '../../../bench/platform.ts';
import { projectWith } from '../../../bench/project.ts';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { synthesize } from '../../../local/platform/synth.ts';
import type { JobStatus } from '../../../src/job/jobStatus.ts';
import { until } from '../aws/lambda/processes.ts';

/** In its first attempt it says which process it runs in, and waits there to be killed. */
const killedJob = (maxAttempts: number) => `import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob } from '../job/index.ts';
export default defineJob({
  track: true,
  timeout: '3s',
  maxAttempts: ${maxAttempts},
  async run(_payload, { attempt, progress }) {
    if (attempt > 1) return { attempt };
    progress(0.5, String(process.pid));
    await sleep(60_000);
  },
});
`;

let project: string;
let platform: Platform;
let apiUrl: string;

beforeAll(async () => {
  project = await projectWith({ 'TwiceJob.ts': killedJob(2), 'OnceJob.ts': killedJob(1) });
  const stateDirectory = join(project, '.local');
  const { assemblyDirectory } = await synthesize({ projectDirectory: project, stateDirectory });
  // SQS gives a message again six timeouts later: at this speed a moment after its lease is over, which is not scaled.
  platform = await startPlatform({ assemblyDirectory, stateDirectory, port: 0, speed: 3 });
  apiUrl = (await platform.snapshot()).apiUrl ?? '';
}, 120_000);
afterAll(async () => {
  await platform?.stop({ drainMs: 0 });
  await rm(project, { recursive: true, force: true });
});

test('a job whose process is killed is seen to wait for its next attempt, and then succeeds, or is dead after its last', async () => {
  const twice = await schedule('TwiceJob');
  const once = await schedule('OnceJob');
  await Promise.all([twice, once].map(killed));

  const lost = { state: 'retrying', attempt: 1, reason: { name: 'LostAttemptError' } };
  expect(await Promise.all([twice, once].map((jobId) => reached(jobId, 'retrying')))).toMatchObject([
    lost,
    lost,
  ]);

  expect(await reached(twice, 'succeeded')).toMatchObject({ attempt: 2, result: { attempt: 2 } });
  const dead = await reached(once, 'dead');
  expect(dead).toMatchObject({ attempt: 1, reason: { name: 'LostAttemptError' } });
  expect(dead.endedAt).toBeDefined();
}, 120_000);

async function schedule(jobName: string): Promise<string> {
  return ((await postJson(`${apiUrl}/jobs/${jobName}`, {})) as { jobId: string }).jobId;
}

/** As an operating system does it that is out of memory: its process says no more. */
async function killed(jobId: string): Promise<void> {
  const text = async () => (await statusOf(jobId)).progress?.text;
  await until(async () => (await text()) !== undefined, 60_000);
  process.kill(Number(await text()), 'SIGKILL');
}

async function reached(jobId: string, state: JobStatus['state']): Promise<JobStatus> {
  let status: JobStatus | undefined;
  await until(async () => {
    status = await statusOf(jobId);
    return status.state === state;
  }, 60_000);
  return status as JobStatus;
}

async function statusOf(jobId: string): Promise<JobStatus> {
  return (await (await fetch(`${apiUrl}/jobs/${jobId}`)).json()) as JobStatus;
}
