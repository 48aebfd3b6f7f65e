import { CreateScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AcceptedPublish, type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { localCredentials } from '../../../../local/aws/isolatedAws.ts';
import { schedulerApi } from '../../../../local/aws/scheduler/api.ts';
import { type Scheduler, startScheduler } from '../../../../local/aws/scheduler/scheduler.ts';
import { Delay } from '../../../../src/publisher/delay/delay.ts';
import { until } from '../../../local/aws/lambda/processes.ts';
import { day, minute, virtualClock } from '../../../local/aws/virtualClock.ts';

const topicArn = 'arn:aws:sns:us-east-1:000000000000:jobs-dev';
const time = virtualClock('2026-11-21T08:00:00Z');
const published: AcceptedPublish[] = [];

let engine: Engine;
let scheduler: Scheduler;
let client: SchedulerClient;
let delay: Delay;

beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  engine.onPublish((publish) => published.push(publish));
  await engine.sns('CreateTopic', { Name: 'jobs-dev' });
  scheduler = startScheduler({ engine, clock: time.clock, onFiring: () => {}, onWarning: () => {} });
  engine.answerScheduler(schedulerApi(scheduler, time.clock.now));
  client = new SchedulerClient({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: localCredentials,
  });
  await client.send(new CreateScheduleGroupCommand({ Name: 'jobs-dev-once' }));
  delay = new Delay({ topicArn, client, now: time.clock.now });
});
afterAll(async () => {
  await scheduler.stop();
  client.destroy();
  await engine.stop();
});

function inDays(days: number): Date {
  return new Date(time.clock.now() + days * day);
}

function message(jobId: string, payload: unknown) {
  const attribute = (value: string) => ({ DataType: 'String', StringValue: value });
  const attributes = { jobName: attribute('GreetingJob'), jobId: attribute(jobId) };
  return { jobName: 'GreetingJob', jobId, body: JSON.stringify(payload), attributes };
}

test('a job is published when its time has come, 30 days later, with its payload as it was', async () => {
  const payload = { text: '"quoted" <aws.scheduler.scheduled-time> ü' };
  await delay.schedule(message('in-30-days', payload), inDays(30));
  await time.advance(30 * day - minute);
  expect(published).toEqual([]);
  await time.advance(2 * minute);
  await until(() => published.length === 1);
  expect(JSON.parse(published[0]?.message ?? '')).toEqual(payload);
  expect(JSON.stringify(published[0]?.messageAttributes)).toMatch(/GreetingJob.*in-30-days/);
  await until(() => scheduler.list().length === 0);
  expect(await delay.cancel('in-30-days')).toBe(false);
});

test('one that was cancelled never comes, one that was moved comes then', async () => {
  published.length = 0;
  await delay.schedule(message('cancelled', 1), inDays(2));
  await delay.schedule(message('moved', 2), inDays(1));
  expect(await delay.cancel('cancelled')).toBe(true);
  expect(await delay.reschedule('moved', inDays(3))).toBe(true);
  expect(scheduler.list().map(({ name }) => name)).toEqual(['moved']);
  await time.advance(3 * day - minute);
  expect(published).toEqual([]);
  await time.advance(2 * minute);
  await until(() => published.length === 1);
  expect(published[0]?.message).toBe('2');
});
