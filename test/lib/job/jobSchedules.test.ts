import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Stack } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { JobPlatform } from '../../../lib/platform/jobPlatform.ts';
import { platformSchedules } from '../../../src/publisher/delay/platformSchedules.ts';
import { bundledJob, logicalIds, platformStack, resourcesByPath, templateOf, testApp } from '../template.ts';

const plain = bundledJob('Plain');
const recurring = bundledJob('Report', {
  schedule: [
    'rate(5 minutes)',
    {
      expression: 'cron(0 9 ? * MON-FRI *)',
      name: 'office',
      timezone: 'Europe/Berlin',
      payload: { region: 'eu', text: '"quoted" \\ <b>' },
      enabled: false,
      start: '2125-01-01T00:00:00+01:00',
      end: '2126-01-01T00:00:00Z',
      flexibleWindow: '1.5h',
    },
  ],
});
const template = templateOf({ jobs: [plain, recurring] });
const resources = resourcesByPath(template);

/** A value with the references filled in, as CloudFormation does. */
function filledIn(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, string[]>;
  if (join !== undefined) return (join[1] as unknown as unknown[]).map(filledIn).join(join[0]);
  return known[String(Ref ?? attribute?.join('.'))] ?? `<${Ref ?? attribute}>`;
}
const known: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '111122223333',
  [logicalIds(template)['Platform/Jobs/Topic/Resource'] ?? '']: 'arn:aws:sns:eu-west-1:111122223333:jobs-dev',
};

describe("a job's schedule", () => {
  const schedule = resources['Jobs/Job/Report/Schedule-1'];

  test('publishes to the topic with the attributes that route it', () => {
    expect(schedule?.Type).toBe('AWS::Scheduler::Schedule');
    expect(schedule?.Properties.Target.Arn).toBe('arn:aws:scheduler:::aws-sdk:sns:publish');
    expect(JSON.parse(filledIn(schedule?.Properties.Target.Input))).toEqual({
      TopicArn: 'arn:aws:sns:eu-west-1:111122223333:jobs-dev',
      Message: '{}',
      MessageAttributes: {
        jobName: { DataType: 'String', StringValue: 'Report' },
        jobId: { DataType: 'String', StringValue: 'Report-1-<aws.scheduler.scheduled-time>' },
      },
    });
  });

  test('is on, in UTC, to the minute, in the group of the platform, unless it says otherwise', () => {
    expect(schedule?.Properties).toMatchObject({
      Name: 'Report-1',
      GroupName: { Ref: expect.stringMatching(/^JobsSchedulesRecurringGroup/) },
      ScheduleExpression: 'rate(5 minutes)',
      ScheduleExpressionTimezone: 'UTC',
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
    });
    expect(schedule?.Properties).not.toHaveProperty('StartDate');
    expect(schedule?.Properties).not.toHaveProperty('EndDate');
  });

  test('may say otherwise', () => {
    const { Properties } = resources['Jobs/Job/Report/Schedule-office'] ?? {};
    expect(Properties).toMatchObject({
      Name: 'Report-office',
      ScheduleExpression: 'cron(0 9 ? * MON-FRI *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      State: 'DISABLED',
      StartDate: '2124-12-31T23:00:00.000Z',
      EndDate: '2126-01-01T00:00:00.000Z',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 90 },
    });
    const { Message } = JSON.parse(filledIn(Properties.Target.Input));
    expect(JSON.parse(Message)).toEqual({ region: 'eu', text: '"quoted" \\ <b>' });
  });

  test('is retried for a day, and what fails then goes to the undelivered queue, whose alarm says so', () => {
    expect(schedule?.Properties.Target).toMatchObject({
      RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
      DeadLetterConfig: {
        Arn: { 'Fn::GetAtt': [expect.stringMatching(/^JobsSafetyNetUndeliveredQueue/), 'Arn'] },
      },
    });
    const { AlarmDescription } = resources['Jobs/SafetyNet/UndeliveredQueue/Alarm']?.Properties ?? {};
    expect(AlarmDescription).toMatch(/EventBridge Scheduler could not publish/);
    expect(AlarmDescription.length).toBeLessThan(1024);
  });

  test("does not fire before the job's queue gets what it publishes", () => {
    const subscription = logicalIds(template)['Platform/Jobs/Job/Report/Subscription'];
    expect(schedule?.DependsOn).toContain(subscription);
  });

  test('leaves a start out that is past, which Scheduler would refuse', () => {
    const schedules = { expression: 'rate(1 day)', start: '2020-01-01T00:00:00Z' } as const;
    const started = resourcesByPath(templateOf({ jobs: [bundledJob('Report', { schedule: schedules })] }));
    expect(started['Jobs/Job/Report/Schedule-1']?.Properties).not.toHaveProperty('StartDate');
  });

  test('goes with its job, in production as well', () => {
    const production = resourcesByPath(templateOf({ jobs: [recurring], stage: 'prod' }));
    expect(production['Jobs/Job/Report/Schedule-1']).not.toHaveProperty('DeletionPolicy', 'Retain');
    expect(production['Jobs/Job/Report/Schedule-1']?.DeletionPolicy).toBeUndefined();
    expect(production['Jobs/Schedules/RecurringGroup']?.DeletionPolicy).toBeUndefined();
  });
});

describe('the groups', () => {
  test('are one for the job files and one for delays, tagged', () => {
    const tags = expect.arrayContaining([
      { Key: 'platform', Value: 'jobs' },
      { Key: 'stage', Value: 'dev' },
    ]);
    expect(resources['Jobs/Schedules/RecurringGroup']?.Properties).toEqual({ Name: 'jobs-dev', Tags: tags });
    expect(resources['Jobs/Schedules/OnceGroup']?.Properties).toEqual({ Name: 'jobs-dev-once', Tags: tags });
  });

  test('are only the one for delays where no job recurs', () => {
    const paths = Object.keys(resourcesByPath(templateOf({ jobs: [plain] })));
    expect(paths.filter((path) => path.startsWith('Jobs/Schedules/'))).toEqual([
      'Jobs/Schedules/Role',
      'Jobs/Schedules/OnceGroup',
    ]);
  });

  test('of delays, which are messages on their way, outlive a stack in production', () => {
    const production = resourcesByPath(templateOf({ jobs: [plain], stage: 'prod' }));
    expect(production['Jobs/Schedules/OnceGroup']?.DeletionPolicy).toBe('RetainExceptOnCreate');
    expect(resources['Jobs/Schedules/OnceGroup']?.DeletionPolicy).toBeUndefined();
  });
});

describe('the role', () => {
  const role = resources['Jobs/Schedules/Role']?.Properties;

  test('publishes to the topic, leaves failures in the undelivered queue, and may do nothing else', () => {
    expect(role.Policies.map(({ PolicyDocument }: { PolicyDocument: object }) => PolicyDocument)).toEqual([
      expect.objectContaining({
        Statement: [
          { Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: expect.stringMatching(/^JobsTopic/) } },
          {
            Effect: 'Allow',
            Action: 'sqs:SendMessage',
            Resource: { 'Fn::GetAtt': [expect.stringMatching(/^JobsSafetyNetUndeliveredQueue/), 'Arn'] },
          },
        ],
      }),
    ]);
    expect(Object.keys(resources).filter((path) => path.startsWith('Jobs/Schedules/Role/'))).toEqual([]);
  });

  test("is Scheduler's, for this account's schedules in the platform's two groups", () => {
    const [{ Principal, Condition }] = role.AssumeRolePolicyDocument.Statement;
    expect(Principal).toEqual({ Service: 'scheduler.amazonaws.com' });
    expect(Object.keys(Condition)).toEqual(['StringEquals']);
    expect(filledIn(Condition.StringEquals['aws:SourceAccount'])).toBe('111122223333');
    expect(Condition.StringEquals['aws:SourceArn'].map(filledIn)).toEqual([
      'arn:aws:scheduler:eu-west-1:111122223333:schedule-group/jobs-dev',
      'arn:aws:scheduler:eu-west-1:111122223333:schedule-group/jobs-dev-once',
    ]);
  });

  test('may use the key of an encrypted topic', () => {
    const stack = new Stack(testApp(), 'Encrypted');
    new JobPlatform(stack, 'Jobs', { jobs: [recurring], topicKey: new Key(stack, 'Key') });
    const policy = resourcesByPath(Template.fromStack(stack))['Jobs/Schedules/Role/DefaultPolicy'];
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] },
      },
    ]);
  });
});

test("what a publisher derives from the topic's ARN is what the stack makes", () => {
  const derived = platformSchedules('arn:aws:sns:eu-west-1:111122223333:jobs-dev');
  expect(derived).toMatchObject({
    recurringGroup: resources['Jobs/Schedules/RecurringGroup']?.Properties.Name,
    onceGroup: resources['Jobs/Schedules/OnceGroup']?.Properties.Name,
    roleArn: `arn:aws:iam::111122223333:role/${filledIn(resources['Jobs/Schedules/Role']?.Properties.RoleName)}`,
    deadLetterQueueArn: `arn:aws:sqs:eu-west-1:111122223333:${resources['Jobs/SafetyNet/UndeliveredQueue']?.Properties.QueueName}`,
  });
});

test('the longest platform, stage and Region leave the role a name that IAM takes', () => {
  const { roleArn } = platformSchedules(
    `arn:aws:sns:ap-southeast-1:111122223333:${'p'.repeat(20)}-${'s'.repeat(20)}`,
  );
  expect(roleArn.split('/')[1]?.length).toBeLessThanOrEqual(64);
});

test('grantDelay lets a publisher make, move and cancel delays, and hand Scheduler the role', () => {
  const stack = platformStack({ jobs: [plain] });
  const webApp = new Role(stack, 'WebApp', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  stack.platform.grantDelay(webApp);
  const policy = resourcesByPath(Template.fromStack(stack))['WebApp/DefaultPolicy'];
  const [onSchedules, onRole] = policy?.Properties.PolicyDocument.Statement ?? [];
  expect(onSchedules.Action).toEqual(
    ['Create', 'Delete', 'Get', 'Update'].map((action) => `scheduler:${action}Schedule`),
  );
  expect(filledIn(onSchedules.Resource)).toBe(
    'arn:aws:scheduler:eu-west-1:111122223333:schedule/jobs-dev-once/*',
  );
  expect(onRole).toEqual({
    Effect: 'Allow',
    Action: 'iam:PassRole',
    Resource: { 'Fn::GetAtt': [expect.stringMatching(/^JobsSchedulesRole/), 'Arn'] },
    Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
  });
});

test('AwsSolutions finds nothing', () => {
  const stack = platformStack({ jobs: [recurring], stage: 'prod' });
  const { violations } = new AwsSolutionsChecks(stack.node.root as never).validateScope(stack);
  expect(violations).toEqual([]);
});
