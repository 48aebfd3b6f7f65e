import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { projectWith } from '../../../bench/project.ts';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { synthesize } from '../../../local/platform/synth.ts';
import type { PlatformEvent } from '../../../local/platform/view.ts';
import { eventually } from '../aws/fixtures/assembly/eventually.ts';
import { isRunning } from '../aws/lambda/processes.ts';

/** One job file, but for where it runs. */
const job = (options: string) => `import { defineJob, NonRetryableError } from '../job/index.ts';
export default defineJob({
  ${options}
  maxAttempts: 2, retryDelay: '1s',
  async run(payload, { log, attempt }) {
    if (payload === 'never') throw new NonRetryableError('asked for');
    if (payload === 'later' && attempt === 1) throw new Error('not yet');
    if (payload === 'slow') await new Promise((resolve) => setTimeout(resolve, 2500));
    log.info('ran ' + payload + ' at attempt ' + attempt + ' as ' + process.pid);
  },
});
`;

let project: string;
let assemblyDirectory: string;
let platform: Platform;
const events: PlatformEvent[] = [];

/** For whatever is awaited, so that a slow machine breaks nothing; a test may await several such things. */
const patienceMs = 60_000;
jest.setTimeout(5 * patienceMs);

beforeAll(async () => {
  project = await projectWith({
    'FargateJob.ts': job(
      "compute: { type: 'fargate', max: 2, concurrency: 2, latency: '1s', messageDuration: '1s' },",
    ),
    'LambdaJob.ts': job(''),
  });
  const stateDirectory = join(project, '.local');
  ({ assemblyDirectory } = await synthesize({ projectDirectory: project, stateDirectory }));
  platform = await startPlatform({
    assemblyDirectory,
    stateDirectory,
    port: 0,
    speed: 60,
    onEvent: (event) => events.push(event),
  });
});
afterAll(async () => {
  await platform?.stop();
  await rm(project, { recursive: true, force: true });
});

const lines = (name: string) =>
  events.flatMap((event) =>
    event.type === 'log' && event.line.functionName === `jobs-dev-${name}` ? event.line.text : [],
  );
const scaled = () => lines('FargateJob').filter((text) => text.startsWith('Desired count'));
const warnings = () => events.flatMap((event) => (event.type === 'warning' ? event.text : []));
const ran = (name: string, payload: string) =>
  lines(name)
    .map((text) => new RegExp(`ran ${payload} at attempt (\\d) as (\\d+)`).exec(text))
    .find((match) => match !== null);
const dead = async (name: string) =>
  (await platform.snapshot()).jobs.find((one) => one.name === name)?.dead ?? 0;

describe('a job on Fargate, on the local platform', () => {
  test('nothing of it is a problem; it appears like any other job', async () => {
    const { jobs, problems, notEvaluated } = await platform.snapshot();
    expect(problems).toEqual([]);
    expect(notEvaluated).toContain('ECS::Cluster');
    expect(notEvaluated).toContain('EC2::VPC');
    expect(jobs.map(({ name, functionName, serviceName }) => ({ name, functionName, serviceName }))).toEqual([
      { name: 'FargateJob', functionName: undefined, serviceName: 'jobs-dev-FargateJob' },
      { name: 'LambdaJob', functionName: 'jobs-dev-LambdaJob', serviceName: undefined },
    ]);
  });

  test('goes to zero, wakes at the first message, and goes to zero again; outcomes are those of Lambda', async () => {
    await eventually('no worker', () => scaled().at(-1)?.endsWith('→ 0'), patienceMs);

    // Runs for longer than a visibility timeout lasts at this speed.
    await platform.publish({ jobName: 'FargateJob', payload: 'slow' });
    for (const jobName of ['FargateJob', 'LambdaJob']) {
      for (const payload of ['once', 'later', 'never']) await platform.publish({ jobName, payload });
    }
    await eventually('a worker', () => scaled().some((text) => text.includes('0 → ')), patienceMs);
    for (const name of ['FargateJob', 'LambdaJob']) {
      expect((await eventually(`${name} once`, () => ran(name, 'once'), patienceMs))[1]).toBe('1');
      expect((await eventually(`${name} later`, () => ran(name, 'later'), patienceMs))[1]).toBe('2');
      await eventually(`${name}'s dead letter`, async () => (await dead(name)) === 1, patienceMs);
    }
    const pid = Number(ran('FargateJob', 'once')?.[2]);
    await eventually('no worker', () => scaled().at(-1)?.endsWith('→ 0'), patienceMs);
    await eventually('the process has gone', () => !isRunning(pid), patienceMs);
    expect(warnings()).toEqual([]);
  });

  test('time that ran faster did not take a message away from the worker that ran it', async () => {
    expect(ran('FargateJob', 'slow')?.[1]).toBe('1');
    expect(lines('FargateJob').filter((text) => text.includes('ran slow'))).toHaveLength(1);
    const { visible, notVisible } = (await platform.inspectQueue('jobs-dev-FargateJob')) ?? {};
    expect([visible, notVisible]).toEqual([[], []]);
  });

  test('leaves no process when the platform stops', async () => {
    events.length = 0;
    await platform.publish({ jobName: 'FargateJob', payload: 'once' });
    const pid = Number((await eventually('a run', () => ran('FargateJob', 'once'), patienceMs))[2]);
    expect(isRunning(pid)).toBe(true);
    await platform.stop();
    expect(isRunning(pid)).toBe(false);
  });
});
