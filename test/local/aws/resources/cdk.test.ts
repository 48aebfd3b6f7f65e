import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Alarm, AlarmRule, AlarmState, ComparisonOperator, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { readAssembly } from '../../../../local/aws/assembly/assembly.ts';
import { type DesiredState, desiredState } from '../../../../local/aws/resources/desiredState.ts';
import { codeDirectory } from '../../../../local/aws/resources/function.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cdk-'));
  await mkdir(join(root, 'code'));
  await writeFile(join(root, 'code/index.mjs'), 'export const handler = () => {};');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const place = {
  region: 'eu-west-1',
  accountId: '000000000000',
  endpoint: 'http://127.0.0.1:4100',
  queueUrl: (name: string) => `http://queues/${name}`,
  apiUrl: (name: string) => `http://apis/${name}`,
};

/** Two stacks, nothing named by hand, so that all of CDK's references between them have to be resolved. */
async function synthesized(context: object): Promise<DesiredState> {
  const app = new App({
    outdir: join(root, JSON.stringify(context).length.toString()),
    context: { 'aws:cdk:enable-path-metadata': true, ...context },
    analyticsReporting: false,
    builtinCloudFormationValidation: false, // takes two seconds to load
  });
  const shared = new Stack(app, 'Shared');
  const topic = new Topic(shared, 'Topic');
  const alarms = new Topic(shared, 'Alarms');
  alarms.addSubscription(new EmailSubscription('ops@example.com'));

  const stack = new Stack(app, 'Job');
  const deadLetters = new Queue(stack, 'DeadLetters', {
    retentionPeriod: Duration.days(14),
    enforceSSL: true,
  });
  const queue = new Queue(stack, 'Queue', {
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: 4 },
    enforceSSL: true,
  });
  topic.addSubscription(
    new SqsSubscription(queue, {
      filterPolicy: { jobName: SubscriptionFilter.stringFilter({ allowlist: ['Greeting'] }) },
    }),
  );
  const fn = new LambdaFunction(stack, 'Function', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromAsset(join(root, 'code')),
    environment: { QUEUE_URL: queue.queueUrl, TOPIC_ARN: topic.topicArn },
  });
  fn.addEventSource(
    new SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 2 }),
  );
  const metric = deadLetters.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1) });
  const age = new Alarm(stack, 'Age', {
    metric,
    threshold: 600,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  });
  const composite = new CompositeAlarm(stack, 'Composite', {
    alarmRule: AlarmRule.allOf(AlarmRule.fromAlarm(age, AlarmState.ALARM), AlarmRule.fromBoolean(true)),
  });
  composite.addAlarmAction(new SnsAction(alarms));
  app.synth();
  return desiredState(await readAssembly(app.outdir), place);
}

describe.each([
  ['strong', { '@aws-cdk/core:defaultCrossStackReferences': 'strong' }],
  ['weak', { '@aws-cdk/core:defaultCrossStackReferences': 'weak' }],
])('what CDK renders, %s references between stacks', (_name, context) => {
  let state: DesiredState;
  beforeAll(async () => {
    state = await synthesized(context);
  });
  const the = (type: string, path: RegExp) => {
    const found = state.resources.find((resource) => resource.type === type && path.test(resource.path));
    if (!found) throw new Error(`no ${type} ${path}`);
    return found;
  };

  test('has no problems', () => expect(state.problems).toEqual([]));

  test('is resolved throughout', () => {
    expect(JSON.stringify(state.resources.map(({ properties }) => properties))).not.toMatch(/"Ref"|"Fn::/);
    const topic = the('AWS::SNS::Topic', /^Shared\/Topic/);
    const queue = the('AWS::SQS::Queue', /^Job\/Queue/);
    expect(the('AWS::SNS::Subscription', /^Job/).properties).toMatchObject({
      TopicArn: `arn:aws:sns:eu-west-1:000000000000:${topic.name}`,
      Endpoint: `arn:aws:sqs:eu-west-1:000000000000:${queue.name}`,
    });
    expect(the('AWS::Lambda::Function', /./).properties.Environment).toEqual({
      Variables: {
        QUEUE_URL: `http://queues/${queue.name}`,
        TOPIC_ARN: `arn:aws:sns:eu-west-1:000000000000:${topic.name}`,
      },
    });
    expect(the('AWS::CloudWatch::CompositeAlarm', /./).properties.AlarmRule).toContain(
      the('AWS::CloudWatch::Alarm', /./).name,
    );
  });

  test('the code’s directory is found by its hash', () => {
    expect(codeDirectory(the('AWS::Lambda::Function', /./))).toMatch(/asset\.[0-9a-f]{64}$/);
  });

  test('what is needed comes first, across stacks', () => {
    const order = state.resources.map(({ path }) => path);
    expect(order.indexOf('Shared/Topic')).toBeLessThan(
      order.findIndex((path) => /^Job\/Queue\/.*Topic/.test(path)),
    );
    expect(order.indexOf('Job/Age')).toBeLessThan(order.indexOf('Job/Composite'));
  });

  test('what is left out is summed up', () =>
    expect(state.notEvaluated).toEqual(expect.arrayContaining(['IAM::Role', 'Lambda::Function.Role'])));
});
