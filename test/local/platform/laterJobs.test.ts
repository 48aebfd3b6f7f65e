import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { projectWith } from '../../../bench/project.ts';
import { localCredentials } from '../../../local/aws/isolatedAws.ts';
import { readLogLine } from '../../../local/platform/logLine.ts';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { synthesize } from '../../../local/platform/synth.ts';
import type { PlatformEvent } from '../../../local/platform/view.ts';
import type { AnyJob } from '../../../src/job/index.ts';
import { createPublisher, type Publisher } from '../../../src/publisher/index.ts';
import { until } from '../aws/lambda/processes.ts';
import { virtualClock } from '../aws/virtualClock.ts';

/** Fires once when the platform starts, and not again while anybody looks. */
const reportJob = `import { defineJob } from '../job/index.ts';
export default defineJob({
  schedule: { expression: 'rate(4000 days)', name: 'rare', payload: { region: 'eu' } },
  idempotency: { for: '1d' },
  run(payload, { log, jobId }) {
    log.info('ran ' + jobId + ' with ' + JSON.stringify(payload));
  },
});
`;

/** An hour is a second, so that alarms have little to look at in a month. */
const speed = 3_600;
const time = virtualClock();
const events: PlatformEvent[] = [];

let project: string;
let platform: Platform;
let sns: SNSClient;
let scheduler: SchedulerClient;
let publisher: Publisher<{ ReportJob: AnyJob }>;

beforeAll(async () => {
  project = await projectWith({ 'ReportJob.ts': reportJob });
  const stateDirectory = join(project, '.local');
  const { assemblyDirectory } = await synthesize({ projectDirectory: project, stateDirectory });
  const onEvent = (event: PlatformEvent) => void events.push(event);
  platform = await startPlatform({
    assemblyDirectory,
    stateDirectory,
    port: 0,
    speed,
    clock: time.clock,
    onEvent,
  });
  const { endpoint, region } = platform;
  const config = { endpoint, region, credentials: localCredentials };
  sns = new SNSClient(config);
  scheduler = new SchedulerClient(config);
  const { topicArn = '' } = await platform.snapshot();
  const clock = { now: time.clock.now, sleep: async () => undefined, random: Math.random };
  publisher = createPublisher({ topicArn, client: sns }, clock);
}, 120_000);
afterAll(async () => {
  sns?.destroy();
  scheduler?.destroy();
  await platform?.stop();
  await rm(project, { recursive: true, force: true });
});

/** What the job logged: the texts of its own lines, and of its outcomes. */
function logged(jobId: string): { ran: string[]; outcomes: string[] } {
  const entries = events.flatMap((event) =>
    event.type === 'log' ? (readLogLine(event.line.text) ?? []) : [],
  );
  const own = entries.filter(({ fields }) => fields.jobId === jobId);
  return {
    ran: own.flatMap(({ message }) => (message.startsWith('ran ') ? [message] : [])),
    outcomes: own.flatMap(({ fields }) => fields.outcome ?? []),
  };
}

const seconds = (count: number) => count * 1_000;
const published = async () => (await platform.snapshot()).publishes.ReportJob ?? 0;

test('a recurring schedule that fires twice for one time is one job, and runs once', async () => {
  const place = { GroupName: 'jobs-dev', Name: 'ReportJob-rare' };
  await time.advance(100);
  await until(async () => (await platform.snapshot()).schedules[0]?.lastFiring?.state === 'delivered');
  const scheduledAt = (await platform.snapshot()).schedules[0]?.lastFiring?.scheduledAt.toISOString() ?? '';
  const jobId = `ReportJob-rare-${scheduledAt.replace('.000Z', 'Z')}`;
  await until(() => logged(jobId).outcomes.length === 1, 30_000);

  const { $metadata, Arn, CreationDate, LastModificationDate, ...schedule } = await scheduler.send(
    new GetScheduleCommand(place),
  );
  await scheduler.send(new DeleteScheduleCommand(place));
  const again = { ...schedule, ScheduleExpression: `at(${scheduledAt.slice(0, 19)})` };
  await scheduler.send(new CreateScheduleCommand(again as CreateScheduleCommandInput));
  await time.advance(100);
  await until(() => logged(jobId).outcomes.length === 2, 30_000);
  expect(await published()).toBe(2);
  expect(logged(jobId)).toEqual({
    ran: [`ran ${jobId} with {"region":"eu"}`],
    outcomes: ['succeeded', 'succeeded'],
  });
  await scheduler.send(new DeleteScheduleCommand(place));
});

test('a job runs 30 days after it was published with that delay, and cannot be cancelled then', async () => {
  await publisher.publish('ReportJob', { region: 'later' }, { delay: '30d', jobId: 'order-7' });
  await publisher.publish('ReportJob', {}, { delay: '29d', jobId: 'cancelled' });
  const before = await published();
  await time.advance(seconds(24 * 28));
  expect(await publisher.cancel('cancelled')).toBe(true);
  await time.advance(seconds(24 * 2 - 10));
  expect(await published()).toBe(before);
  await time.advance(seconds(20));
  await until(() => logged('order-7').outcomes.length === 1, 30_000);
  expect(logged('order-7')).toEqual({
    ran: ['ran order-7 with {"region":"later"}'],
    outcomes: ['succeeded'],
  });
  await until(async () => (await platform.snapshot()).schedules.length === 0);
  expect(await publisher.cancel('order-7')).toBe(false);
  expect(logged('cancelled')).toEqual({ ran: [], outcomes: [] });
  expect(await published()).toBe(before + 1);
});
