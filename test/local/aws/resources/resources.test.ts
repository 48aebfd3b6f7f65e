import { describe, expect, test } from '@jest/globals';
import type { Assembly, Stack } from '../../../../local/aws/assembly/assembly.ts';
import { desiredState } from '../../../../local/aws/resources/desiredState.ts';
import { resourceTypes } from '../../../../local/aws/resources/index.ts';
import { jobsOf, jobTopicArn } from '../../../../local/platform/jobs.ts';
import { type FixtureStack, jobResources, topicResource } from '../fixtures/assembly/writeAssembly.ts';

const place = {
  region: 'us-east-1',
  accountId: '000000000000',
  endpoint: 'http://127.0.0.1:4100',
  queueUrl: (name: string) => `http://queues/${name}`,
  apiUrl: (name: string) => `http://apis/${name}`,
};

function assembly(stacks: Record<string, FixtureStack>, hashes: string[] = ['hash']): Assembly {
  const assets = new Map(hashes.map((hash) => [hash, `/assets/${hash}`]));
  const list = Object.entries(stacks).map(([name, template]) => ({ name, template, assets }) as Stack);
  return { directory: '/nowhere', stacks: list };
}

function stateOf(Resources: NonNullable<FixtureStack['Resources']>) {
  return desiredState(assembly({ stack: { Resources } }), place);
}

/** Problems as `logicalId property: why`. */
function problemsOf(Resources: NonNullable<FixtureStack['Resources']>): string[] {
  return stateOf(Resources).problems.map(
    ({ logicalId, property = '', why }) => `${logicalId} ${property}: ${why}`,
  );
}

describe('a job', () => {
  const state = stateOf({ ...jobResources('Greeting', 'hash'), ...topicResource });

  test('has no problems', () => expect(state.problems).toEqual([]));

  test('is created in the order of its references', () => {
    const order = state.resources.map(({ logicalId }) => logicalId);
    const comesFirst = (first: string, second: string) =>
      expect(order.indexOf(first)).toBeLessThan(order.indexOf(second));
    expect(order).toHaveLength(6);
    comesFirst('GreetingDeadLetters', 'GreetingQueue');
    comesFirst('GreetingQueue', 'GreetingSubscription');
    comesFirst('Topic', 'GreetingSubscription');
    comesFirst('GreetingFunction', 'GreetingMapping');
  });

  test('is recognised from the template alone', () => {
    expect(jobTopicArn(state.resources)).toBe('arn:aws:sns:us-east-1:000000000000:test');
    expect(jobsOf(state.resources)).toEqual([
      {
        name: 'Greeting',
        queueName: 'test-Greeting',
        deadLetterQueueName: 'test-Greeting-dead-letters',
        functionName: 'test-Greeting',
      },
    ]);
  });
});

test('names are made up where the template has none, within their limits', () => {
  const { resources } = stateOf({
    ['Q'.repeat(100)]: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
  });
  expect(resources[0]?.name).toMatch(/^stack-Q+\.fifo$/);
  expect(resources[0]?.name).toHaveLength(80);
});

test('DependsOn counts, and a resource whose condition is false is not there', () => {
  const { resources } = desiredState(
    assembly({
      stack: {
        Conditions: { No: { 'Fn::Equals': ['a', 'b'] } },
        Resources: {
          First: { Type: 'AWS::SQS::Queue', DependsOn: 'Second' },
          Second: { Type: 'AWS::SQS::Queue' },
          Third: { Type: 'AWS::SQS::Queue', Condition: 'No' },
        },
      },
    }),
    place,
  );
  expect(resources.map(({ logicalId }) => logicalId)).toEqual(['Second', 'First']);
});

test('one stack may use what another exports', () => {
  const { resources, problems } = desiredState(
    assembly({
      user: {
        Resources: {
          Sub: {
            Type: 'AWS::SNS::Subscription',
            Properties: {
              TopicArn: { 'Fn::ImportValue': 'Shared' },
              Protocol: 'email',
              Endpoint: 'a@example.com',
            },
          },
        },
      },
      owner: {
        Resources: topicResource,
        Outputs: { Out: { Value: { Ref: 'Topic' }, Export: { Name: 'Shared' } } },
      },
    }),
    place,
  );
  expect(problems).toEqual([]);
  expect(resources.map(({ logicalId }) => logicalId)).toEqual(['Topic', 'Sub']);
  expect(resources[1]?.properties.TopicArn).toBe('arn:aws:sns:us-east-1:000000000000:test');
});

describe('what cannot be honoured is named', () => {
  test('a type', () => {
    const [problem] = stateOf({
      Bus: { Type: 'AWS::Events::EventBus', Metadata: { 'aws:cdk:path': 'stack/My/Bus/Resource' } },
    }).problems;
    expect(problem).toMatchObject({ logicalId: 'Bus', path: 'stack/My/Bus', type: 'AWS::Events::EventBus' });
    expect(problem?.why).toMatch(/not supported locally/);
  });

  test.each([...resourceTypes.keys()])('an unknown property of %s', (Type) => {
    expect(problemsOf({ It: { Type, Properties: { Sparkling: true } } })).toContain(
      'It Sparkling: is not honoured locally',
    );
  });

  test.each<[string, string, object, RegExp]>([
    [
      'a queue delay on what a topic delivers',
      'GreetingQueue',
      { DelaySeconds: 5 },
      /GreetingQueue DelaySeconds: is not applied locally/,
    ],
    [
      'a dead-letter queue that is not there',
      'GreetingQueue',
      { RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:x:y:gone' } },
      /RedrivePolicy: names .*gone, which is no queue/,
    ],
    [
      'a dead-letter queue that denies',
      'GreetingDeadLetters',
      { RedriveAllowPolicy: { redrivePermission: 'denyAll' } },
      /does not accept this queue's dead letters/,
    ],
    [
      'an endpoint that is not there',
      'GreetingSubscription',
      { Endpoint: 'arn:aws:sqs:x:y:gone' },
      /Endpoint: .*gone is no queue/,
    ],
    ['a protocol', 'GreetingSubscription', { Protocol: 'https' }, /Protocol: https is not delivered locally/],
    [
      'event filtering',
      'GreetingMapping',
      { FilterCriteria: { Filters: [] } },
      /FilterCriteria: is not supported locally/,
    ],
    [
      'a visibility timeout under the function timeout',
      'GreetingFunction',
      { Timeout: 31 },
      /visibility timeout: 30 seconds is less than Function timeout: 31/,
    ],
    [
      'another runtime',
      'GreetingFunction',
      { Runtime: 'python3.13' },
      /Runtime: python3.13 does not run locally/,
    ],
    ['inline code', 'GreetingFunction', { Code: { ZipFile: 'x' } }, /Code: is no asset.*ZipFile/],
    [
      'an intrinsic',
      'GreetingFunction',
      { Environment: { 'Fn::Transform': {} } },
      /could not be resolved: GreetingFunction: Fn::Transform/,
    ],
  ])('%s', (_name, logicalId, properties, message) => {
    const resources = { ...jobResources('Greeting', 'hash'), ...topicResource } as Record<
      string,
      { Type: string; Properties: object }
    >;
    const changed = resources[logicalId];
    if (changed) changed.Properties = { ...changed.Properties, ...properties };
    expect(problemsOf(resources).join('\n')).toMatch(message);
  });
});

test('what is refused is not created; what it leaves out is summed up in one line', () => {
  const { resources, stuck, notEvaluated } = stateOf({
    Role: { Type: 'AWS::IAM::Role' },
    Policy1: { Type: 'AWS::SQS::QueuePolicy' },
    Policy2: { Type: 'AWS::SQS::QueuePolicy' },
    Fn: {
      Type: 'AWS::Lambda::Function',
      Properties: { Runtime: 'java25', Role: { 'Fn::GetAtt': ['Role', 'Arn'] } },
    },
  });
  expect(resources).toEqual([]);
  expect([...stuck]).toEqual(['stack/Fn']);
  expect(notEvaluated).toEqual(['IAM::Role', '2 SQS::QueuePolicy', 'Lambda::Function.Role']);
});
