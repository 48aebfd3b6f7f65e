import { describe, expect, test } from '@jest/globals';
import type { JobOptions } from '../../../src/job/index.ts';
import { jobOptions, type OptionRow } from '../../../src/job/options.ts';
import { deadLetterRetention, queueRetention } from '../../../src/job/retention.ts';
import { bundledJob, type Resource, resourcesByPath, templateOf } from '../template.ts';

function jobResources(options: Partial<JobOptions> = {}, props: Parameters<typeof templateOf>[0] = {}) {
  const all = resourcesByPath(templateOf({ jobs: [bundledJob('GreetingJob', options)], ...props }));
  return Object.fromEntries(
    Object.entries(all).flatMap(([path, resource]) =>
      path.startsWith('Jobs/Job/GreetingJob/')
        ? [[path.slice('Jobs/Job/GreetingJob/'.length), resource]]
        : [],
    ),
  ) as Record<string, Resource>;
}

function properties(resources: Record<string, Resource>, path: string) {
  return resources[path]?.Properties;
}

/** An alarm's, with the names of what CloudFormation fills in. */
function description(resources: Record<string, Resource>, path: string): string {
  const { AlarmDescription: text } = properties(resources, path);
  const parts = typeof text === 'string' ? [text] : text['Fn::Join'][1];
  return parts.map((part: string | { Ref: string }) => (typeof part === 'string' ? part : part.Ref)).join('');
}

const arnOf = (id: unknown) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const filesBucket = { Ref: expect.stringMatching(/^JobsFilesBucket/) };
const jobId = (part: string) => expect.stringMatching(new RegExp(`^JobsJobGreetingJob${part}[0-9A-F]{8}$`));

test('a job has these resources and no others', () => {
  expect(Object.entries(jobResources()).map(([path, { Type }]) => [path, Type])).toEqual([
    ['DeadLetterQueue', 'AWS::SQS::Queue'],
    ['DeadLetterQueue/Policy', 'AWS::SQS::QueuePolicy'],
    ['Queue', 'AWS::SQS::Queue'],
    ['Queue/Policy', 'AWS::SQS::QueuePolicy'],
    ['Subscription', 'AWS::SNS::Subscription'],
    ['LogGroup', 'AWS::Logs::LogGroup'],
    ['Role', 'AWS::IAM::Role'],
    ['Function', 'AWS::Lambda::Function'],
    ['EventSourceMapping', 'AWS::Lambda::EventSourceMapping'],
    ['DeadLetterAgeAlarm', 'AWS::CloudWatch::Alarm'],
    ['BacklogAlarm', 'AWS::CloudWatch::Alarm'],
  ]);
});

test('the defaults of a job are what its template says', () => {
  const resources = jobResources();
  const { EventSourceMapping, Function: lambda, Queue, DeadLetterQueue } = resources;
  const days = (seconds: number) => `${seconds / 86_400}d`;
  const defaults = Object.fromEntries(
    Object.entries<OptionRow>(jobOptions).flatMap(([option, row]) =>
      row.default === undefined ? [] : [[option, row.default]],
    ),
  );
  expect({
    timeout: `${lambda?.Properties.Timeout}s`,
    batchSize: EventSourceMapping?.Properties.BatchSize,
    batchWindow: `${EventSourceMapping?.Properties.MaximumBatchingWindowInSeconds}s`,
    maxAttempts: Queue?.Properties.RedrivePolicy.maxReceiveCount - 1,
    retryDelay: jobOptions.retryDelay.default, // the runtime's: it is in no resource
    alarmAfter: `${resources.DeadLetterAgeAlarm?.Properties.Threshold / 60}m`,
    alarmWhen: resources.DeadLetterAlarm === undefined ? 'either' : 'both',
    backlogAlarmAfter: `${resources.BacklogAlarm?.Properties.Threshold / 3600}h`,
    memory: lambda?.Properties.MemorySize,
    track: lambda?.Properties.Environment.Variables.JOB_STATUS_TABLE !== undefined,
  }).toEqual(defaults);
  expect(days(Queue?.Properties.MessageRetentionPeriod)).toBe(queueRetention);
  expect(days(DeadLetterQueue?.Properties.MessageRetentionPeriod)).toBe(deadLetterRetention);
});

describe('the queues', () => {
  test('by default', () => {
    const resources = jobResources();
    expect(properties(resources, 'Queue')).toMatchObject({
      QueueName: 'jobs-dev-GreetingJob',
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 4 * 86_400,
      VisibilityTimeout: 6 * 15,
      RedrivePolicy: { deadLetterTargetArn: arnOf(jobId('DeadLetterQueue')), maxReceiveCount: 6 },
    });
    expect(properties(resources, 'DeadLetterQueue')).toMatchObject({
      QueueName: 'jobs-dev-GreetingJob-dead-letters',
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
      RedriveAllowPolicy: { redrivePermission: 'byQueue', sourceQueueArns: [expect.anything()] },
    });
    expect(JSON.stringify(properties(resources, 'DeadLetterQueue').RedriveAllowPolicy)).toMatch(
      /:sqs:.*AWS::Region.*AWS::AccountId.*":jobs-dev-GreetingJob"/,
    );
  });

  test('with the options set', () => {
    const queue = properties(jobResources({ timeout: '1m', batchWindow: '10s', maxAttempts: 3 }), 'Queue');
    expect(queue.VisibilityTimeout).toBe(6 * 60 + 10);
    expect(queue.RedrivePolicy.maxReceiveCount).toBe(4);
  });

  test('TLS only; the queue takes messages from this topic, the dead-letter queue from no service', () => {
    const resources = jobResources();
    const statements = (path: string) => properties(resources, path).PolicyDocument.Statement;
    const tlsOnly = {
      Effect: 'Deny',
      Action: 'sqs:*',
      Principal: { AWS: '*' },
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    };
    expect(statements('DeadLetterQueue/Policy')).toEqual([expect.objectContaining(tlsOnly)]);
    expect(statements('Queue/Policy')).toEqual([
      expect.objectContaining(tlsOnly),
      {
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'sns.amazonaws.com' },
        Resource: arnOf(jobId('Queue')),
        Condition: { ArnEquals: { 'aws:SourceArn': { Ref: expect.stringMatching(/^JobsTopic/) } } },
      },
    ]);
  });

  test.each([
    ['prod', 'RetainExceptOnCreate'],
    ['dev', 'Delete'],
    ['production', 'Delete'],
  ])('stage %s: %s', (stage, policy) => {
    const resources = resourcesByPath(templateOf({ stage }));
    const queues = Object.values(resources).filter(({ Type }) => Type === 'AWS::SQS::Queue');
    expect(queues).toHaveLength(4);
    for (const queue of queues) {
      expect(queue.DeletionPolicy).toBe(policy);
      expect(queue.UpdateReplacePolicy).toBe(policy === 'Delete' ? 'Delete' : 'Retain');
    }
  });
});

test('the subscription filters on jobName, keeps the envelope, has a dead-letter queue and waits for the policy', () => {
  const { Subscription } = jobResources();
  expect(Subscription?.Properties).toEqual({
    TopicArn: { Ref: expect.stringMatching(/^JobsTopic/) },
    Protocol: 'sqs',
    Endpoint: arnOf(jobId('Queue')),
    FilterPolicy: { jobName: ['GreetingJob'] },
    RedrivePolicy: { deadLetterTargetArn: arnOf(expect.stringMatching(/^JobsSafetyNetUndeliveredQueue/)) },
  });
  expect(Subscription?.DependsOn).toEqual([jobId('QueuePolicy')]);
});

describe('the function', () => {
  test('by default', () => {
    expect(properties(jobResources(), 'Function')).toMatchObject({
      FunctionName: 'jobs-dev-GreetingJob',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: 15,
      LoggingConfig: { LogGroup: { Ref: jobId('LogGroup') } },
      Role: arnOf(jobId('Role')),
    });
  });

  test('its own variables may be made for each stage', () => {
    const environment = ({ stage }: { stage: string }) => ({ TABLE: `friends-${stage}` });
    for (const stage of ['dev', 'prod']) {
      const { Environment } = properties(jobResources({ environment }, { stage }), 'Function');
      expect(Environment.Variables.TABLE).toBe(`friends-${stage}`);
    }
  });

  test('its environment is what the runtime reads, and nothing else', () => {
    expect(properties(jobResources(), 'Function').Environment.Variables).toEqual({
      JOB_QUEUE_URL: { Ref: jobId('Queue') },
      JOB_DEAD_LETTER_QUEUE_URL: { Ref: jobId('DeadLetterQueue') },
      JOB_CODE_VERSION: 'hash-of-GreetingJob',
      JOB_FILES_BUCKET: filesBucket,
      NODE_OPTIONS: '--enable-source-maps',
    });
  });

  test('with the options set', () => {
    const options = { timeout: '2m', memory: 1024, environment: { TABLE: 'friends' } } as const;
    const lambda = properties(jobResources(options, { logLevel: 'DEBUG' }), 'Function');
    expect(lambda).toMatchObject({ MemorySize: 1024, Timeout: 120 });
    expect(lambda.Environment.Variables).toMatchObject({ TABLE: 'friends', POWERTOOLS_LOG_LEVEL: 'DEBUG' });
  });

  test.each([
    ['--max-old-space-size=200', '--enable-source-maps --max-old-space-size=200'],
    ['', ''],
  ])("a job's own NODE_OPTIONS, %p, come beside the source maps unless they are empty", (own, expected) => {
    const lambda = properties(jobResources({ environment: { NODE_OPTIONS: own } }), 'Function');
    expect(lambda.Environment.Variables.NODE_OPTIONS).toBe(expected);
  });

  test('logs into its own group for a month, or as long as is said', () => {
    expect(properties(jobResources(), 'LogGroup')).toMatchObject({
      LogGroupName: '/aws/lambda/jobs-dev-GreetingJob',
      RetentionInDays: 30,
    });
    expect(properties(jobResources({}, { logRetention: 7 }), 'LogGroup').RetentionInDays).toBe(7);
  });
});

describe('the role', () => {
  const filesBelow = (keys: string) => ({
    'Fn::Join': ['', [arnOf(expect.stringMatching(/^JobsFilesBucket/)), `/${keys}`]],
  });

  test('consumes its own queue, sends to its own dead-letter queue, reads its own large payloads, logs: no more', () => {
    const { AssumeRolePolicyDocument, Policies, ManagedPolicyArns } = properties(jobResources(), 'Role');
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
    ]);
    expect(ManagedPolicyArns).toBeUndefined();
    expect(Policies).toHaveLength(1);
    expect(Policies[0].PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: expect.arrayContaining([
          'sqs:ChangeMessageVisibility',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:ReceiveMessage',
        ]),
        Resource: arnOf(jobId('Queue')),
      },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arnOf(jobId('DeadLetterQueue')) },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: filesBelow('payloads/GreetingJob/*') },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnOf(jobId('LogGroup')),
      },
    ]);
    expect(Policies[0].PolicyDocument.Statement[0].Action).toHaveLength(4);
  });

  test.each([
    ['tracked', { track: true }, ['payloads/GreetingJob/*'], 'results/GreetingJob/*'],
    [
      'tracked with uploads',
      { track: true, uploads: { contentTypes: ['text/plain'] } },
      ['payloads/GreetingJob/*', 'uploads/GreetingJob/*'],
      'results/GreetingJob/*',
    ],
  ])('%s: its own record and its own files, and of others nothing', (_, options, read, written) => {
    const { Policies } = properties(jobResources(options), 'Role');
    const statements = Policies[0].PolicyDocument.Statement as { Action: string[]; Resource: unknown }[];
    const resources = read.map(filesBelow);
    expect(statements.filter(({ Action }) => /^(s3|dynamodb):/.test(String(Action)))).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: arnOf(expect.stringMatching(/^JobsStatusTable/)),
      },
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: resources.length === 1 ? resources[0] : resources,
      },
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: filesBelow(written) },
    ]);
  });

  test("the job file's permissions, with AWS's placeholders filled in and IAM's own variables left alone", () => {
    const permissions = [
      { Action: 's3:GetObject', Resource: 'arn:aws:s3:::friends/*' },
      {
        Effect: 'Deny',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
        Resource: [
          `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/\${aws:PrincipalTag/team}`,
        ],
        Condition: { StringEquals: { 'aws:PrincipalAccount': `\${AWS::AccountId}` } },
      },
    ] as const;
    const { Policies } = properties(jobResources({ permissions }), 'Role');
    expect(Policies).toHaveLength(2);
    expect(Policies[1].PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::friends/*' },
      {
        Effect: 'Deny',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
        Resource: {
          'Fn::Sub': `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/\${!aws:PrincipalTag/team}`,
        },
        Condition: { StringEquals: { 'aws:PrincipalAccount': { 'Fn::Sub': `\${AWS::AccountId}` } } },
      },
    ]);
  });
});

describe('the event source mapping', () => {
  test('by default, with ReportBatchItemFailures', () => {
    expect(properties(jobResources(), 'EventSourceMapping')).toEqual({
      EventSourceArn: arnOf(jobId('Queue')),
      FunctionName: { Ref: jobId('Function') },
      BatchSize: 5,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      Tags: expect.anything(),
    });
  });

  test('with the options set', () => {
    const options = { batchSize: 100, batchWindow: '30s', maxConcurrency: 7 } as const;
    const resources = jobResources(options);
    expect(properties(resources, 'EventSourceMapping')).toMatchObject({
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 30,
      ScalingConfig: { MaximumConcurrency: 7 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(properties(resources, 'Function')).not.toHaveProperty('ReservedConcurrentExecutions');
  });
});

describe('the alarms', () => {
  const alarmTopic = [{ Ref: expect.stringMatching(/^JobsAlarmTopic/) }];
  const shape = {
    Namespace: 'AWS/SQS',
    Period: 60,
    EvaluationPeriods: 1,
    Statistic: 'Maximum',
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: alarmTopic,
  };
  const queueNamed = (part: string) => [
    { Name: 'QueueName', Value: { 'Fn::GetAtt': [jobId(part), 'QueueName'] } },
  ];

  test('age of the oldest dead letter', () => {
    const age = properties(jobResources({ alarmAfter: '10m' }), 'DeadLetterAgeAlarm');
    expect(age).toMatchObject({
      ...shape,
      AlarmName: 'jobs-dev-GreetingJob-dead-letters-age',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: queueNamed('DeadLetterQueue'),
      Threshold: 600,
    });
    expect(age).not.toHaveProperty('OKActions');
  });

  test('its description: which job, where to look, which command helps', () => {
    const text = description(jobResources(), 'DeadLetterAgeAlarm');
    expect(text).toMatch(/^GreetingJob has a dead letter that has waited 15m or longer/);
    expect(text).toContain('the queue jobs-dev-GreetingJob-dead-letters');
    expect(text).toContain('the log group /aws/lambda/jobs-dev-GreetingJob.');
    const queueArn = 'arn:AWS::Partition:sqs:AWS::Region:AWS::AccountId:jobs-dev-GreetingJob';
    const command = 'aws sqs start-message-move-task';
    expect(text).toMatch(
      new RegExp(`${command} --source-arn ${queueArn}-dead-letters --destination-arn ${queueArn}$`),
    );
  });

  test('a description that would be too long leaves out the command for those without the project', () => {
    const jobName = 'J'.repeat(55);
    const jobs = [bundledJob(jobName, { alarmCount: 1_000_000, alarmWhen: 'both' })];
    const textOf = (stackName: string) =>
      description(resourcesByPath(templateOf({ jobs, stackName })), `Jobs/Job/${jobName}/DeadLetterAlarm`);
    expect(textOf('s'.repeat(20))).toMatch(/--destination-arn \S+$/);
    const short = textOf('s'.repeat(128));
    expect(short).toMatch(/dlq redrive J+ --stack s+ --all$/);
    expect(short.length).toBeLessThanOrEqual(1024);
  });

  test('a backlog that nobody consumes', () => {
    expect(properties(jobResources(), 'BacklogAlarm')).toMatchObject({
      ...shape,
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: queueNamed('Queue'),
      Threshold: 6 * 3600,
      AlarmDescription: expect.stringContaining(
        'aws lambda list-event-source-mappings --function-name jobs-dev-GreetingJob',
      ),
    });
    expect(properties(jobResources({ backlogAlarmAfter: '1d' }), 'BacklogAlarm').Threshold).toBe(86_400);
  });

  test('a backlog alarm that two long runs and their delays do not raise', () => {
    const resources = jobResources({ timeout: '15m', retryDelay: '3h' });
    expect(properties(resources, 'BacklogAlarm')).toMatchObject({
      Threshold: 8 * 3600,
      AlarmDescription: expect.stringContaining('for 8h or longer'),
    });
  });

  test('alarmCount adds one on the number of dead letters', () => {
    const resources = jobResources({ alarmCount: 10 });
    expect(properties(resources, 'DeadLetterCountAlarm')).toMatchObject({
      ...shape,
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: queueNamed('DeadLetterQueue'),
      Threshold: 10,
    });
    expect(properties(resources, 'DeadLetterAgeAlarm').AlarmActions).toEqual(alarmTopic);
    expect(resources).not.toHaveProperty('DeadLetterAlarm');
  });

  test("alarmWhen 'both': a composite, which alone notifies", () => {
    const resources = jobResources({ alarmCount: 10, alarmWhen: 'both' });
    expect(resources.DeadLetterAlarm?.Type).toBe('AWS::CloudWatch::CompositeAlarm');
    const { AlarmRule, AlarmActions } = properties(resources, 'DeadLetterAlarm');
    expect(AlarmRule['Fn::Join'][1]).toEqual([
      '(ALARM("',
      arnOf(jobId('DeadLetterAgeAlarm')),
      '") AND ALARM("',
      arnOf(jobId('DeadLetterCountAlarm')),
      '"))',
    ]);
    expect(AlarmActions).toEqual(alarmTopic);
    expect(properties(resources, 'DeadLetterAgeAlarm')).not.toHaveProperty('AlarmActions');
    expect(properties(resources, 'DeadLetterCountAlarm')).not.toHaveProperty('AlarmActions');
  });
});

test('everything taggable is tagged', () => {
  const untaggable = ['AWS::SQS::QueuePolicy', 'AWS::SNS::Subscription'];
  for (const { Type, Properties } of Object.values(jobResources({ alarmCount: 2, alarmWhen: 'both' }))) {
    if (untaggable.includes(Type)) continue;
    expect([Type, Properties.Tags]).toEqual([
      Type,
      [
        { Key: 'job', Value: 'GreetingJob' },
        { Key: 'platform', Value: 'jobs' },
        { Key: 'stage', Value: 'dev' },
      ],
    ]);
  }
});
