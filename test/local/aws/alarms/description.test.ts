import { expect, test } from '@jest/globals';
import { alarm } from '../../../../local/aws/resources/alarm.ts';
import { compositeAlarm } from '../../../../local/aws/resources/compositeAlarm.ts';
import type { ResourceType } from '../../../../local/aws/resources/resourceType.ts';

const metric = {
  Namespace: 'AWS/SQS',
  MetricName: 'ApproximateAgeOfOldestMessage',
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 1,
};

async function descriptionOf(type: ResourceType, properties: object): Promise<string | undefined> {
  let description: string | undefined;
  const alarms = { put: async (definition: { description: string }) => ({ description } = definition) };
  await type.create(
    { name: 'a', properties, stack: { name: 'jobs-dev' } } as never,
    { alarms, place: { region: 'us-east-1', accountId: '0' } } as never,
  );
  return description;
}

test.each([
  [alarm, metric],
  [compositeAlarm, { AlarmRule: 'ALARM("a")' }],
] as const)('the commands in the description of a $type are for this machine', async (type, properties) => {
  const AlarmDescription =
    'Look: npm run jobs -- dlq show A --stack jobs-dev. Then: npm run jobs -- dlq redrive A --stack jobs-dev --all, or see --stack jobs-dev-2.';
  expect(await descriptionOf(type, { ...properties, AlarmDescription })).toBe(
    'Look: npm run jobs -- dlq show A. Then: npm run jobs -- dlq redrive A --all, or see --stack jobs-dev-2.',
  );
  expect(await descriptionOf(type, properties)).toBeUndefined();
});
