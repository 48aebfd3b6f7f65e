import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  GetScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { localCredentials } from '../../../../local/aws/isolatedAws.ts';
import { type Platform, startPlatform } from '../../../../local/platform/platform.ts';
import type { PlatformEvent } from '../../../../local/platform/view.ts';
import { type FixtureResource, topicResource, writeAssembly } from '../fixtures/assembly/writeAssembly.ts';
import { until } from '../lambda/processes.ts';
import { hour, minute, virtualClock } from '../virtualClock.ts';

let root: string;
let platform: Platform;
let time: ReturnType<typeof virtualClock>;
let events: PlatformEvent[];
let generation = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'scheduler-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(() => {
  events = [];
  time = virtualClock('2026-03-01T08:00:00Z');
});
afterEach(() => platform.stop({ drainMs: 0 }));

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** A queue behind the topic, a group and schedules, as `cdk synth` renders them. */
function assemblyOf(schedules: Record<string, object>): Promise<string> {
  generation += 1;
  const Resources: Record<string, FixtureResource> = {
    // First of all, so that it would fire before anybody listens.
    ...Object.fromEntries(
      Object.entries(schedules).map(([id, more]) => [
        id,
        { Type: 'AWS::Scheduler::Schedule', Properties: scheduleProperties(id, more) },
      ]),
    ),
    ...topicResource,
    Group: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'jobs-dev', Tags: [] } },
    Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'jobs-dev-sched' } },
    Undelivered: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'undelivered' } },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'report' } },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Topic' },
        Protocol: 'sqs',
        Endpoint: arnOf('Queue'),
        FilterPolicy: { jobName: ['ReportJob'] },
        RawMessageDelivery: true,
      },
    },
  };
  return writeAssembly(join(root, `cdk.out.${generation}`), { test: { Resources } });
}

function scheduleProperties(Name: string, more: { Message?: string } & object) {
  const { Message = '{}', ...rest } = more;
  const attributes = {
    jobName: { DataType: 'String', StringValue: 'ReportJob' },
    jobId: { DataType: 'String', StringValue: `${Name}-<aws.scheduler.scheduled-time>` },
  };
  const [before, after] = JSON.stringify({ TopicArn: '|', Message, MessageAttributes: attributes }).split(
    '|',
  );
  return {
    Name,
    GroupName: { Ref: 'Group' },
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: 'arn:aws:scheduler:::aws-sdk:sns:publish',
      RoleArn: arnOf('Role'),
      Input: { 'Fn::Join': ['', [before, { Ref: 'Topic' }, after]] },
      DeadLetterConfig: { Arn: arnOf('Undelivered') },
      RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
    },
    ...rest,
  };
}

async function startWith(schedules: Record<string, object>, speed = 1): Promise<void> {
  platform = await startPlatform({
    assemblyDirectory: await assemblyOf(schedules),
    stateDirectory: join(root, '.local'),
    port: 0,
    speed,
    clock: time.clock,
    onEvent: (event) => events.push(event),
  });
}

/** The queue's messages as `jobId: body`, in the order of the IDs. */
async function arrived(): Promise<string[]> {
  const { visible = [] } = (await platform.inspectQueue('report')) ?? {};
  return visible
    .map(({ body, messageAttributes }) => `${messageAttributes.jobId?.StringValue}: ${body}`)
    .sort();
}

const arrivedAre = (expected: string[]) =>
  until(async () => JSON.stringify(await arrived()) === JSON.stringify(expected));

test('schedules of the template fire into their jobs, once everything else is there', async () => {
  await startWith({ often: { ScheduleExpression: 'rate(1 hour)' } });
  const { problems, notEvaluated } = await platform.snapshot();
  expect(problems).toEqual([]);
  expect(notEvaluated).toContain('Scheduler::ScheduleGroup.Tags');
  await time.advance(hour);
  await arrivedAre(['often-2026-03-01T08:00:00Z: {}', 'often-2026-03-01T09:00:00Z: {}']);
  await until(() => events.filter(({ type }) => type === 'schedule').length === 2);
  const applied = events.find((event) => event.type === 'apply');
  expect(applied?.result.created.at(-1)).toBe('often');
  const { schedules, publishes } = await platform.snapshot();
  expect(publishes).toEqual({ ReportJob: 2 });
  expect(schedules).toEqual([
    {
      name: 'often',
      groupName: 'jobs-dev',
      jobName: 'ReportJob',
      expression: 'rate(1 hour)',
      timezone: 'UTC',
      state: 'ENABLED',
      nextFirings: ['10', '11', '12'].map((hours) => ({
        scheduledAt: new Date(`2026-03-01T${hours}:00:00Z`),
        at: new Date(`2026-03-01T${hours}:00:00Z`),
      })),
      lastFiring: {
        name: 'often',
        groupName: 'jobs-dev',
        jobName: 'ReportJob',
        scheduledAt: new Date('2026-03-01T09:00:00Z'),
        at: new Date('2026-03-01T09:00:00Z'),
        state: 'delivered',
      },
    },
  ]);
});

test('an edit changes what it changes: the others keep their rhythm, and what is taken out stops', async () => {
  const rate = { ScheduleExpression: 'rate(10 minutes)' };
  const namesake = { ...rate, Name: 'kept', GroupName: 'default' };
  await startWith({ kept: rate, namesake, payload: rate, rhythm: rate, gone: rate });
  await time.advance(4 * minute);
  await arrivedAre(
    ['gone', 'kept', 'namesake', 'payload', 'rhythm'].map((name) => `${name}-2026-03-01T08:00:00Z: {}`),
  );
  const { created, updated, deleted, problems } = await platform.apply(
    await assemblyOf({
      kept: rate,
      namesake,
      payload: { ...rate, Message: '"new"' },
      rhythm: { ScheduleExpression: 'cron(0 12 * * ? *)', ScheduleExpressionTimezone: 'Europe/Berlin' },
      new: { ...rate, State: 'DISABLED' },
    }),
  );
  expect({ created, updated, deleted, problems }).toEqual({
    created: ['new'],
    updated: ['payload', 'rhythm'],
    deleted: ['gone'],
    problems: [],
  });
  const { schedules } = await platform.snapshot();
  const next = schedules.map(({ name, nextFirings: [first] }) => [name, first?.scheduledAt.toISOString()]);
  expect(Object.fromEntries(next)).toEqual({
    kept: '2026-03-01T08:10:00.000Z',
    payload: '2026-03-01T08:10:00.000Z',
    rhythm: '2026-03-01T11:00:00.000Z',
    new: undefined,
  });
  await time.advance(6 * minute);
  await until(async () => (await arrived()).length === 8);
  expect(await arrived()).toEqual(
    expect.arrayContaining(['kept-2026-03-01T08:10:00Z: {}', 'payload-2026-03-01T08:10:00Z: "new"']),
  );
});

test('a schedule paused and one made through the API stay so over an edit, until the platform stops', async () => {
  const nightly = { ScheduleExpression: 'cron(0 3 * * ? *)' };
  await startWith({ nightly }, 30);
  const client = new SchedulerClient({
    endpoint: platform.endpoint,
    region: platform.region,
    credentials: localCredentials,
  });
  const { $metadata, Arn, CreationDate, LastModificationDate, ...stored } = await client.send(
    new GetScheduleCommand({ GroupName: 'jobs-dev', Name: 'nightly' }),
  );
  await client.send(
    new UpdateScheduleCommand({ ...(stored as CreateScheduleCommandInput), State: 'DISABLED' }),
  );
  await client.send(
    new CreateScheduleCommand({
      ...(stored as CreateScheduleCommandInput),
      Name: 'order-1',
      ScheduleExpression: 'at(2026-03-01T08:02:00)',
      ActionAfterCompletion: 'DELETE',
    }),
  );
  client.destroy();
  await platform.apply(await assemblyOf({ nightly, other: nightly }));
  const { schedules } = await platform.snapshot();
  expect(schedules.map(({ name, state }) => [name, state])).toEqual([
    ['order-1', 'ENABLED'],
    ['other', 'ENABLED'],
    ['nightly', 'DISABLED'],
  ]);
  expect(schedules[0]?.nextFirings).toEqual([
    { scheduledAt: new Date('2026-03-01T08:02:00Z'), at: new Date('2026-03-01T08:00:04Z') },
  ]);
  await time.advance(4_000);
  await arrivedAre(['nightly-2026-03-01T08:02:00Z: {}']);
  await platform.stop({ drainMs: 0 });
  expect(time.waiting).toBe(0);
});

test('what does not run here is named at start', async () => {
  const Target = {
    Arn: 'arn:aws:scheduler:::aws-sdk:ecs:runTask',
    RoleArn: 'arn:aws:iam::000000000000:role/r',
    Input: '{}',
  };
  const elsewhere = {
    Arn: 'arn:aws:sns:us-east-1:000000000000:elsewhere',
    RoleArn: Target.RoleArn,
    DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:nowhere' },
  };
  await startWith({
    task: { ScheduleExpression: 'rate(1 hour)', Target },
    wrong: { ScheduleExpression: 'cron(0 25 * * ? *)' },
    stray: { ScheduleExpression: 'cron(0 3 * * ? *)', Target: elsewhere, Colour: 'blue' },
  });
  const { problems, schedules } = await platform.snapshot();
  expect(problems.map(({ path, property, why }) => [path, property, why])).toEqual([
    ['task', undefined, expect.stringContaining('aws-sdk:ecs:runTask is not run locally')],
    ['wrong', undefined, expect.stringContaining('Invalid Schedule Expression cron(0 25 * * ? *)')],
    ['stray', 'Target', expect.stringContaining(':elsewhere, which is no topic of this assembly')],
    ['stray', 'Target', expect.stringContaining(':nowhere, which is no queue of this assembly')],
    ['stray', 'Colour', 'is not honoured locally'],
  ]);
  expect(schedules.map(({ name }) => name)).toEqual(['stray']);
});
