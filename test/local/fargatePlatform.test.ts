import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { projectWith } from '../../bench/project.ts';
import { type Platform, startPlatform } from '../../local/platform.ts';
import type { PlatformEvent } from '../../local/platformView.ts';
import { synthesize } from '../../local/synth.ts';
import { eventually } from './fixtures/assembly/eventually.ts';
import { isRunning } from './lambdaProcesses.ts';

/** One job file, but for where it runs. */
const job = (options: string) => `import { defineJob, NonRetryableError } from '../job/index.ts';
export default defineJob({
  ${options}
  maxAttempts: 2, retryDelay: '1s',
  async run(payload, { log, attempt }) {
    if (payload === 'never') throw new NonRetryableError('asked for');
    if (payload === 'later' && attempt === 1) throw new Error('not yet');
    if (payload === 'slow') await new Promise((resolve) => setTimeout(resolve, 4000));
    log.info('ran ' + payload + ' at attempt ' + attempt + ' as ' + process.pid);
  },
});
`;

let project: string;
let assemblyDirectory: string;
let platform: Platform | undefined;
let events: PlatformEvent[] = [];

beforeAll(async () => {
  project = await projectWith({
    'FargateJob.ts': job(
      "compute: { type: 'fargate', max: 2, concurrency: 2, latency: '1s', messageDuration: '1s' },",
    ),
    'LambdaJob.ts': job(''),
  });
  const stateDirectory = join(project, '.local');
  ({ assemblyDirectory } = await synthesize({ projectDirectory: project, stateDirectory }));
}, 60_000);
afterEach(async () => {
  await platform?.stop();
  platform = undefined;
  events = [];
});
afterAll(() => rm(project, { recursive: true, force: true }));

async function start(): Promise<Platform> {
  platform = await startPlatform({
    assemblyDirectory,
    stateDirectory: join(project, '.local'),
    port: 0,
    speed: 60,
    onEvent: (event) => events.push(event),
  });
  return platform;
}

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
  (await platform?.snapshot())?.jobs.find((one) => one.name === name)?.dead ?? 0;

describe('a job on Fargate, on the local platform', () => {
  test('nothing of it is a problem; it appears like any other job', async () => {
    const { snapshot } = await start();
    const { jobs, problems, notEvaluated } = await snapshot();
    expect(problems).toEqual([]);
    expect(notEvaluated).toContain('ECS::Cluster');
    expect(notEvaluated).toContain('EC2::VPC');
    expect(jobs.map(({ name, functionName, serviceName }) => ({ name, functionName, serviceName }))).toEqual([
      { name: 'FargateJob', functionName: undefined, serviceName: 'jobs-dev-FargateJob' },
      { name: 'LambdaJob', functionName: 'jobs-dev-LambdaJob', serviceName: undefined },
    ]);
  });

  test('goes to zero, wakes at the first message, and goes to zero again; outcomes are those of Lambda', async () => {
    const { publish } = await start();
    await eventually('no worker', () => scaled().at(-1)?.endsWith('→ 0'), 30_000);

    for (const jobName of ['FargateJob', 'LambdaJob']) {
      for (const payload of ['once', 'later', 'never']) await publish({ jobName, payload });
    }
    await eventually('a worker', () => scaled().at(-1)?.includes('0 → '), 20_000);
    for (const name of ['FargateJob', 'LambdaJob']) {
      expect((await eventually(`${name} once`, () => ran(name, 'once'), 20_000))[1]).toBe('1');
      expect((await eventually(`${name} later`, () => ran(name, 'later'), 20_000))[1]).toBe('2');
      await eventually(`${name}'s dead letter`, async () => (await dead(name)) === 1, 20_000);
    }
    const pid = Number(ran('FargateJob', 'once')?.[2]);
    await eventually('no worker', () => scaled().at(-1)?.endsWith('→ 0'), 30_000);
    await eventually('the process has gone', () => !isRunning(pid));
    expect(warnings()).toEqual([]);
  }, 90_000);

  test('time that runs faster does not take a message away from the worker that runs it', async () => {
    const { publish, inspectQueue } = await start();
    await publish({ jobName: 'FargateJob', payload: 'slow' });
    const [, attempt] = await eventually('a run', () => ran('FargateJob', 'slow'), 20_000);
    expect(attempt).toBe('1');
    const left = async () => {
      const { visible, notVisible } = (await inspectQueue('jobs-dev-FargateJob')) ?? {
        visible: [],
        notVisible: [],
      };
      return visible.length + notVisible.length;
    };
    await eventually('it is deleted', async () => (await left()) === 0);
    expect(lines('FargateJob').filter((text) => text.includes('ran slow'))).toHaveLength(1);
  }, 60_000);

  test('leaves no process when the platform stops', async () => {
    const { publish, stop } = await start();
    await publish({ jobName: 'FargateJob', payload: 'once' });
    const pid = Number((await eventually('a run', () => ran('FargateJob', 'once'), 20_000))[2]);
    expect(isRunning(pid)).toBe(true);
    await stop();
    expect(isRunning(pid)).toBe(false);
  }, 60_000);
});
