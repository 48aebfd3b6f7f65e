import { describe, expect, test } from '@jest/globals';
import { bundledJob, logicalIds, resourcesByPath, templateOf } from '../template.ts';

const jobs = [bundledJob('GreetingJob'), bundledJob('PushupsJob')];
const template = templateOf({ jobs });
const resources = resourcesByPath(template);
const unroutedSubscription = resources['Jobs/SafetyNet/UnroutedSubscription'];

describe('unrouted messages', () => {
  test('are those whose jobName is none of the jobs, or missing', () => {
    expect(unroutedSubscription?.Properties).toMatchObject({
      Protocol: 'sqs',
      Endpoint: { 'Fn::GetAtt': [expect.stringMatching(/^JobsSafetyNetUnroutedQueue/), 'Arn'] },
      FilterPolicy: { jobName: [{ 'anything-but': ['GreetingJob', 'PushupsJob'] }, { exists: false }] },
      RedrivePolicy: {
        deadLetterTargetArn: {
          'Fn::GetAtt': [expect.stringMatching(/^JobsSafetyNetUndeliveredQueue/), 'Arn'],
        },
      },
    });
  });

  test("are caught only after every job's own subscription exists", () => {
    const ids = logicalIds(template);
    expect(unroutedSubscription?.DependsOn).toEqual(
      [
        'Platform/Jobs/Job/GreetingJob/Subscription',
        'Platform/Jobs/Job/PushupsJob/Subscription',
        'Platform/Jobs/SafetyNet/UnroutedQueue/Policy/Resource',
      ].map((path) => ids[path]),
    );
  });

  test('without any job are all messages', () => {
    const subscription = resourcesByPath(templateOf({ jobs: [] }))['Jobs/SafetyNet/UnroutedSubscription'];
    expect(subscription?.Properties).not.toHaveProperty('FilterPolicy');
  });
});

describe.each([
  ['unrouted', 'UnroutedQueue'],
  ['undelivered', 'UndeliveredQueue'],
])('the %s queue', (name, id) => {
  const queue = resources[`Jobs/SafetyNet/${id}`];

  test('keeps messages for 14 days, encrypted', () => {
    expect(queue?.Properties).toMatchObject({
      QueueName: `jobs-dev-${name}`,
      MessageRetentionPeriod: 14 * 86_400,
      SqsManagedSseEnabled: true,
    });
  });

  test("lets this topic's subscriptions send, by TLS only", () => {
    expect(resources[`Jobs/SafetyNet/${id}/Policy`]?.Properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'sns.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': { Ref: expect.stringMatching(/^JobsTopic/) } } },
      }),
    ]);
  });

  test('raises an alarm at the first message', () => {
    expect(resources[`Jobs/SafetyNet/${id}/Alarm`]?.Properties).toMatchObject({
      AlarmName: `jobs-dev-${name}`,
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [
        {
          Name: 'QueueName',
          Value: { 'Fn::GetAtt': [expect.stringMatching(new RegExp(`^JobsSafetyNet${id}`)), 'QueueName'] },
        },
      ],
      Threshold: 1,
      Period: 60,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: expect.stringMatching(/^JobsAlarmTopic/) }],
      AlarmDescription: expect.stringContaining(
        `jobs-dev-${name}: npm run jobs -- dlq show ${name} --stack jobs-dev.`,
      ),
    });
  });
});

test('a message without any attribute raises an alarm: no subscription takes it', () => {
  expect(resources['Jobs/SafetyNet/NoAttributesAlarm']?.Properties).toMatchObject({
    Namespace: 'AWS/SNS',
    MetricName: 'NumberOfNotificationsFilteredOut-NoMessageAttributes',
    Dimensions: [
      { Name: 'TopicName', Value: { 'Fn::GetAtt': [expect.stringMatching(/^JobsTopic/), 'TopicName'] } },
    ],
    Statistic: 'Sum',
    Threshold: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ Ref: expect.stringMatching(/^JobsAlarmTopic/) }],
  });
});
