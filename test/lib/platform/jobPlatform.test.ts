import { describe, expect, test } from '@jest/globals';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AccountPrincipal, OrganizationPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Stack } from 'aws-cdk-lib/core';
import { JobPlatform } from '../../../lib/platform/jobPlatform.ts';
import { checkLimits } from '../../../lib/platform/limits.ts';
import { SynthError } from '../../../lib/platform/synthError.ts';
import { bundledJob, logicalIds, platformStack, resourcesByPath, templateOf, testApp } from '../template.ts';

test('what a platform has beside its jobs, and nothing else', () => {
  const resources = resourcesByPath(templateOf({ alarmEmails: ['a@example.com'] }));
  const shared = Object.entries(resources).filter(([path]) => !path.startsWith('Jobs/Job/'));
  expect(shared.map(([path, { Type }]) => [path, Type])).toEqual([
    ['Jobs/Topic', 'AWS::SNS::Topic'],
    ['Jobs/Topic/Policy', 'AWS::SNS::TopicPolicy'],
    ['Jobs/AlarmTopic', 'AWS::SNS::Topic'],
    ['Jobs/AlarmTopic/Policy', 'AWS::SNS::TopicPolicy'],
    ['Jobs/AlarmTopic/a@example.com', 'AWS::SNS::Subscription'],
    ['Jobs/SafetyNet/UndeliveredQueue', 'AWS::SQS::Queue'],
    ['Jobs/SafetyNet/UndeliveredQueue/Policy', 'AWS::SQS::QueuePolicy'],
    ['Jobs/SafetyNet/UndeliveredQueue/Alarm', 'AWS::CloudWatch::Alarm'],
    ['Jobs/SafetyNet/UnroutedQueue', 'AWS::SQS::Queue'],
    ['Jobs/SafetyNet/UnroutedQueue/Policy', 'AWS::SQS::QueuePolicy'],
    ['Jobs/SafetyNet/UnroutedQueue/Alarm', 'AWS::CloudWatch::Alarm'],
    ['Jobs/SafetyNet/NoAttributesAlarm', 'AWS::CloudWatch::Alarm'],
    ['Jobs/SafetyNet/InvalidAttributesAlarm', 'AWS::CloudWatch::Alarm'],
    ['Jobs/SafetyNet/UnroutedSubscription', 'AWS::SNS::Subscription'],
    ['Jobs/FilesBucket', 'AWS::S3::Bucket'],
    ['Jobs/FilesBucket/Policy', 'AWS::S3::BucketPolicy'],
    ['Jobs/Schedules/Role', 'AWS::IAM::Role'],
    ['Jobs/Schedules/OnceGroup', 'AWS::Scheduler::ScheduleGroup'],
    ['Jobs/TopicParameter', 'AWS::SSM::Parameter'],
  ]);
});

describe('the topics', () => {
  const resources = resourcesByPath(templateOf({ stage: 'prod', alarmEmails: ['a@x.com', 'b@y.com'] }));
  const tlsOnly = {
    Effect: 'Deny',
    Action: 'sns:Publish',
    Principal: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const ownAccount = {
    Effect: 'Allow',
    Action: 'sns:Publish',
    Principal: {
      AWS: {
        'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':root']],
      },
    },
  };

  test('their names', () => {
    expect(resources['Jobs/Topic']?.Properties.TopicName).toBe('jobs-prod');
    expect(resources['Jobs/AlarmTopic']?.Properties.TopicName).toBe('jobs-prod-alarms');
  });

  test('TLS only, open to their own account', () => {
    expect(resources['Jobs/Topic/Policy']?.Properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining(tlsOnly),
      expect.objectContaining(ownAccount),
    ]);
  });

  test('alarms of this account can publish', () => {
    expect(resources['Jobs/AlarmTopic/Policy']?.Properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining(tlsOnly),
      expect.objectContaining(ownAccount),
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
  });

  test('each address is subscribed to the alarms', () => {
    for (const address of ['a@x.com', 'b@y.com']) {
      expect(resources[`Jobs/AlarmTopic/${address}`]?.Properties).toEqual({
        TopicArn: { Ref: expect.stringMatching(/^JobsAlarmTopic/) },
        Protocol: 'email',
        Endpoint: address,
      });
    }
  });

  test('other publishers: accounts, an organisation, services', () => {
    const template = templateOf({
      allowedPublishers: [
        new AccountPrincipal('111122223333'),
        new OrganizationPrincipal('o-abcdefghij'),
        new ServicePrincipal('events.amazonaws.com'),
      ],
    });
    const statements = resourcesByPath(template)['Jobs/Topic/Policy']?.Properties.PolicyDocument.Statement;
    expect(statements.slice(2)).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { AWS: { 'Fn::Join': ['', expect.arrayContaining([':iam::111122223333:root'])] } },
      }),
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { AWS: '*' },
        Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } },
      }),
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'events.amazonaws.com' },
      }),
    ]);
  });

  test('their ARN is an output, an export and an SSM parameter', () => {
    const template = templateOf({ platform: 'mail', stage: 'prod' });
    const topic = { Ref: expect.stringMatching(/^JobsTopic/) };
    expect(template.toJSON().Outputs.TopicArn).toMatchObject({
      Value: topic,
      Export: { Name: 'mail-prod-topic-arn' },
    });
    expect(template.toJSON().Outputs.AlarmTopicArn.Value).toEqual({
      Ref: expect.stringMatching(/^JobsAlarmTopic/),
    });
    expect(resourcesByPath(template)['Jobs/TopicParameter']?.Properties).toMatchObject({
      Name: '/mail/prod/topic-arn',
      Type: 'String',
      Value: topic,
    });
  });
});

describe('a KMS key', () => {
  const use = { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Resource: '*' };

  test('of this app encrypts both topics and lets alarms and other publishers use it', () => {
    const stack = new Stack(testApp(), 'Stack');
    const topicKey = new Key(stack, 'Key');
    const allowedPublishers = [new ServicePrincipal('events.amazonaws.com')];
    new JobPlatform(stack, 'Jobs', { jobs: [], topicKey, allowedPublishers });
    const resources = resourcesByPath(Template.fromStack(stack));
    const arn = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
    expect(resources['Jobs/Topic']?.Properties.KmsMasterKeyId).toEqual(arn);
    expect(resources['Jobs/AlarmTopic']?.Properties.KmsMasterKeyId).toEqual(arn);
    expect(resources.Key?.Properties.KeyPolicy.Statement).toEqual(
      expect.arrayContaining([
        { ...use, Principal: { Service: 'events.amazonaws.com' } },
        {
          ...use,
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ]),
    );
  });

  test('of another app: a warning says what its policy has to allow', () => {
    const stack = new Stack(testApp(), 'Stack');
    const topicKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:111122223333:key/abc');
    new JobPlatform(stack, 'Jobs', { jobs: [], topicKey });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Jobs/AlarmTopic',
      Match.stringLikeRegexp('kms:Decrypt and kms:GenerateDataKey.*cloudwatch.amazonaws.com'),
    );
  });
});

describe('names isolate a platform', () => {
  const keys = ['QueueName', 'TopicName', 'FunctionName', 'LogGroupName', 'AlarmName'];
  const namesOf = (template: Template) =>
    Object.values(resourcesByPath(template)).flatMap(({ Type, Properties: properties }) =>
      keys
        .map((key) => properties[key])
        .filter((name) => typeof name === 'string')
        .map((name) => `${Type} ${name}`),
    );

  test('two stages and another platform in one app share no name', () => {
    const app = testApp();
    const stacks = [platformStack({ stage: 'dev' }, app), new Stack(app, 'Others')] as const;
    const jobs = [bundledJob('GreetingJob')];
    new JobPlatform(stacks[1], 'Prod', { jobs, stage: 'prod' });
    new JobPlatform(stacks[1], 'Mail', { jobs, platform: 'mail' });
    const names = stacks.flatMap((stack) => namesOf(Template.fromStack(stack)));
    expect(names).toHaveLength(3 * 14);
    expect(new Set(names).size).toBe(names.length);
    for (const name of ['jobs-dev-GreetingJob', 'jobs-prod-GreetingJob', 'mail-dev-GreetingJob']) {
      expect(names).toContain(`AWS::Lambda::Function ${name}`);
    }
  });

  test('every name starts with platform and stage', () => {
    const template = templateOf({ platform: 'mail', stage: 'test' });
    for (const name of namesOf(template)) expect(name).toMatch(/^AWS::\w+::\w+ (\/aws\/lambda\/)?mail-test/);
    expect(platformStack({ platform: 'mail', stage: 'test' }).stackName).toBe('mail-test');
  });
});

describe('other stacks', () => {
  test('a publisher in another stack is granted sns:Publish on the topic alone', () => {
    const app = testApp({ '@aws-cdk/core:defaultCrossStackReferences': 'weak' });
    const { platform } = platformStack({}, app);
    const other = new Stack(app, 'Other');
    const role = new Role(other, 'Publisher', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    platform.topic.grantPublish(role);
    const policies = Template.fromStack(other).findResources('AWS::IAM::Policy');
    const [policy] = Object.values(policies);
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'sns:Publish', Resource: expect.anything() },
    ]);
    expect(JSON.stringify(policy)).toMatch(/JobsTopic/);
  });

  test("a job is grantable: the permission is its own function's", () => {
    const stack = platformStack({ jobs: [bundledJob('GreetingJob'), bundledJob('PushupsJob')] });
    new Topic(stack, 'Friends').grantPublish(stack.platform.job('PushupsJob'));
    const policies = Object.entries(resourcesByPath(Template.fromStack(stack))).filter(
      ([, { Type }]) => Type === 'AWS::IAM::Policy',
    );
    expect(policies.map(([path]) => path)).toEqual(['Jobs/Job/PushupsJob/Role/DefaultPolicy']);
  });

  test('an unknown job is an error that lists the known ones', () => {
    const { platform } = platformStack({ jobs: [bundledJob('GreetingJob'), bundledJob('PushupsJob')] });
    expect(() => platform.job('Greeting')).toThrow(
      "There is no job 'Greeting' in the platform jobs-dev. Its jobs: GreetingJob, PushupsJob.",
    );
  });
});

describe('adding a job', () => {
  test("never moves another job's resources, nor changes them", () => {
    const before = templateOf({ jobs: [bundledJob('GreetingJob')] });
    const after = templateOf({ jobs: [bundledJob('AJob'), bundledJob('GreetingJob'), bundledJob('ZJob')] });
    expect(logicalIds(after)).toMatchObject(logicalIds(before));
    const { 'Jobs/SafetyNet/UnroutedSubscription': unrouted, ...rest } = resourcesByPath(before);
    expect(resourcesByPath(after)).toMatchObject(rest);
    expect(unrouted).toBeDefined();
  });

  test('whatever its name', () => {
    const names = ['Default', 'Job', 'My-Job', 'MyJob', 'My_Job', 'Queue', 'Resource', 'SafetyNet', 'Topic'];
    const template = templateOf({ jobs: names.map((name) => bundledJob(name)) });
    template.resourceCountIs('AWS::Lambda::Function', names.length);
  });
});

describe('limits', () => {
  const warningsOf = (stack: Stack) =>
    Annotations.fromStack(stack)
      .findWarning('*', Match.anyValue())
      .map(({ entry }) => String(entry.data))
      .join('\n');

  test('a warning from 400 resources on', () => {
    const perJob = 11;
    const shared = Object.keys(resourcesByPath(templateOf())).length - perJob;
    const jobCount = Math.ceil((400 - shared) / perJob);
    const jobs = Array.from({ length: jobCount }, (_, index) => bundledJob(`Job${index}`));
    expect(warningsOf(platformStack({ jobs: jobs.slice(1) }))).toBe('');
    const resources = shared + jobCount * perJob;
    expect(warningsOf(platformStack({ jobs }))).toContain(`has ${resources} of the 500 resources`);
  });

  test('more than 500 resources are an error that says what to do', () => {
    const jobs = Array.from({ length: 45 }, (_, index) => bundledJob(`Job${index}`));
    const stack = () => platformStack({ jobs });
    expect(stack).toThrow(SynthError);
    expect(stack).toThrow(
      /^The stack jobs-dev has 5\d\d resources, with 45 jobs; CloudFormation allows 500\. Move some of the jobs into/,
    );
  });

  test.each([
    [10, /stackResourceLimit allows 10\. Move/],
    ['1', /stackResourceLimit allows 1\. Move/],
  ])("the CDK's own context of %p resources is honoured", (limit, message) => {
    const app = testApp({ '@aws-cdk/core:stackResourceLimit': limit });
    expect(() => platformStack({}, app)).toThrow(message);
  });

  test("no resource is too many where the CDK's own context says so", () => {
    const jobs = Array.from({ length: 45 }, (_, index) => bundledJob(`Job${index}`));
    const app = testApp({ '@aws-cdk/core:stackResourceLimit': 0 });
    expect(() => platformStack({ jobs }, app)).not.toThrow();
  });

  test('a warning from 180 filter policies on, and where one holds more than 150 values', () => {
    const about = (jobCount: number) => {
      const stack = new Stack(testApp(), 'Stack');
      checkLimits(stack, jobCount);
      return warningsOf(stack);
    };
    expect(about(149)).toBe('');
    expect(about(150)).toContain("The unrouted queue's filter policy names 150 jobs");
    expect(about(178)).not.toContain('filter policies that SNS allows');
    expect(about(179)).toContain('The topic has 180 of the 200 filter policies that SNS allows');
  });
});

test('what discovery and bundling had to say is shown at synth', () => {
  const stack = platformStack({ warnings: ['src/jobs/x.ts has no default export'] });
  Annotations.fromStack(stack).hasWarning(
    '/Platform',
    Match.stringLikeRegexp('src/jobs/x.ts has no default export'),
  );
});
