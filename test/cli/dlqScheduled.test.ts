import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { scheduleFrom } from '../../local/aws/scheduler/schedule.ts';
import { type Scheduler, startScheduler } from '../../local/aws/scheduler/scheduler.ts';
import { publishInput, publishTargetArn, scheduledTime } from '../../src/message/scheduledPublish.ts';
import { until } from '../local/aws/lambda/processes.ts';
import { virtualClock } from '../local/aws/virtualClock.ts';
import { type DlqPlatform, names, startDlqPlatform } from './dlqPlatform.ts';

let platform: DlqPlatform;
let scheduler: Scheduler;
let time: ReturnType<typeof virtualClock>;
beforeEach(async () => {
  platform = await startDlqPlatform();
  time = virtualClock('2026-11-21T09:00:00Z');
  const { engine } = platform;
  scheduler = startScheduler({ engine, clock: time.clock, onFiring: () => {}, onWarning: () => {} });
  scheduler.createGroup('jobs-dev');
});
afterEach(async () => {
  await scheduler.stop();
  await platform.close();
});

const run = (...words: string[]) => platform.run(...words);

/** A schedule that fires at once, for a topic that is not there. */
async function fireInVain(Name: string, body: string, jobName: string, group?: string): Promise<void> {
  const { engine } = platform;
  const attributes = { jobName, jobId: `${Name}-${scheduledTime}`, note: 'ü' };
  const topicArn = engine.topicArn('gone');
  const before = (await platform.bodies(names.undelivered)).length;
  scheduler.create(
    scheduleFrom({
      Name,
      GroupName: 'jobs-dev',
      ScheduleExpression: 'rate(1 hour)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: publishTargetArn,
        RoleArn: 'arn:aws:iam::000000000000:role/jobs-dev-us-east-1-sched',
        Input: publishInput({ topicArn, body, attributes, group }),
        DeadLetterConfig: { Arn: engine.queueArn(names.undelivered) },
        RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 },
      },
    }),
  );
  await time.advance(100);
  await until(async () => (await platform.bodies(names.undelivered)).length > before);
}

test('what a schedule could not publish is shown with why, its payload and its ID, and goes through the topic', async () => {
  await fireInVain('GreetingJob-1', '{"friendName":"\\"Hank\\""}', 'GreetingJob', 'tenant-7');
  const jobId = 'GreetingJob-1-2026-11-21T09:00:00Z';
  expect((await run('list')).stdout).toMatch(/undelivered +1 /);

  const { stdout } = await run('show', 'undelivered');
  expect(stdout).toContain(`\n${jobId}\n  why      Scheduler: `);
  expect(stdout).toMatch(/why .*NotFound.*\(schedule jobs-dev\/GreetingJob-1\)\n/);
  expect(stdout).toContain('payload  {"friendName":"\\"Hank\\""}');
  const [letter] = JSON.parse((await run('show', 'undelivered', '--json')).stdout);
  expect(letter).toMatchObject({
    jobId,
    payload: { friendName: '"Hank"' },
    attributes: { ERROR_CODE: { type: 'String' } },
  });

  const redriven = await run('redrive', 'undelivered', '--id', jobId);
  expect([redriven.code, redriven.stdout]).toEqual([0, 'published 1 of 1 message to jobs-dev again\n']);
  const [body] = await platform.bodies(names.queue);
  expect(JSON.parse(body ?? '')).toMatchObject({
    Message: '{"friendName":"\\"Hank\\""}',
    MessageAttributes: {
      jobName: { Type: 'String', Value: 'GreetingJob' },
      jobId: { Type: 'String', Value: jobId },
      note: { Type: 'String', Value: 'ü' },
    },
  });
  expect(Object.keys(JSON.parse(body ?? '').MessageAttributes)).toHaveLength(3);
  expect(await platform.bodies(names.undelivered)).toEqual([]);
});

test('beside what SNS could not deliver, each is read as what it is', async () => {
  await fireInVain('GreetingJob-1', '{}', 'GreetingJob');
  await fireInVain('GoneJob-1', '{}', 'GoneJob');
  await platform.bury(names.undelivered, [
    {
      body: '{"friendName":"Raw"}',
      attributes: { jobName: 'GreetingJob', jobId: 'r-1', ErrorCode: 'Denied' },
    },
  ]);
  const { stdout } = await run('show', 'undelivered');
  expect(stdout.match(/why {6}(Scheduler|SNS): /g)?.sort()).toEqual([
    'why      SNS: ',
    'why      Scheduler: ',
    'why      Scheduler: ',
  ]);
  const { code, stderr } = await run('redrive', 'undelivered', '--all');
  expect(code).toBe(1);
  expect(stderr).toContain("GoneJob-1-2026-11-21T09:00:00Z: there is still no job 'GoneJob'");
  expect(await platform.bodies(names.queue)).toHaveLength(2);
  expect(await platform.bodies(names.undelivered)).toHaveLength(1);
});

test('an input that Scheduler cut off stays where it is, and says so', async () => {
  await platform.bury(names.undelivered, [
    {
      body: '{"TopicArn":"arn:aws:sns:us-east-1:000000000000:jobs-dev","Message":"{\\"fri',
      attributes: {
        ERROR_CODE: 'ThrottlingException',
        ERROR_MESSAGE: 'Rate exceeded',
        IS_PAYLOAD_TRUNCATED: 'true',
        RETRY_ATTEMPTS: '185',
        SCHEDULE_ARN: 'arn:aws:scheduler:us-east-1:000000000000:schedule/jobs-dev-once/order-7',
        TARGET_ARN: publishTargetArn,
      },
    },
  ]);
  const { stdout } = await run('show', 'undelivered');
  const why =
    'ThrottlingException: Rate exceeded (schedule jobs-dev-once/order-7, after 185 retries; its input is cut off)';
  expect(stdout).toContain(`Scheduler: ${why}`);
  const { code, stderr } = await run('redrive', 'undelivered', '--all');
  expect(code).toBe(1);
  expect(stderr).toContain('the input of its schedule cannot be read');
  expect(await platform.bodies(names.undelivered)).toHaveLength(1);
});
