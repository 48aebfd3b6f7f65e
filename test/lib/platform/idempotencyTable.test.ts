import { expect, test } from '@jest/globals';
import { bundledJob, type Resource, resourcesByPath, templateOf } from '../template.ts';

const jobs = [bundledJob('Plain'), bundledJob('Careful', { idempotency: { for: '1d' } })];

test('there is no table while no job asks for idempotency', () => {
  expect(resourcesByPath(templateOf())['Jobs/IdempotencyTable']).toBeUndefined();
});

test('the table is encrypted, expires its items, is paid by use and can be restored', () => {
  expect(resourcesByPath(templateOf({ jobs }))['Jobs/IdempotencyTable']).toMatchObject({
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: 'Delete',
    Properties: {
      TableName: 'jobs-dev-idempotency',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiration', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
  });
  expect(resourcesByPath(templateOf({ jobs, stage: 'prod' }))['Jobs/IdempotencyTable']?.DeletionPolicy).toBe(
    'RetainExceptOnCreate',
  );
});

test('only the job that asks knows the table and may use it', () => {
  const resources = resourcesByPath(templateOf({ jobs }));
  const variables = (name: string) =>
    resources[`Jobs/Job/${name}/Function`]?.Properties.Environment.Variables;
  const actions = (name: string) =>
    JSON.stringify(resources[`Jobs/Job/${name}/Role`]?.Properties.Policies).match(/dynamodb:\w+/g);
  expect(variables('Plain')).not.toHaveProperty('JOB_IDEMPOTENCY_TABLE');
  expect(actions('Plain')).toBeNull();
  expect(variables('Careful').JOB_IDEMPOTENCY_TABLE).toEqual({
    Ref: expect.stringMatching(/^JobsIdempotencyTable/),
  });
  expect(actions('Careful')).toEqual(
    ['DeleteItem', 'GetItem', 'PutItem', 'UpdateItem'].map((action) => `dynamodb:${action}`),
  );
});

test('only the job that asks may send to its own queue, where a duplicate of one that runs waits', () => {
  const resources = resourcesByPath(templateOf({ jobs }));
  const sends = (name: string): boolean =>
    statementsOf(resources[`Jobs/Job/${name}/Role`])
      .filter(({ Resource }) => JSON.stringify(Resource).includes(`Job${name}Queue`))
      .some(({ Action }) => [Action].flat().includes('sqs:SendMessage'));
  expect(sends('Careful')).toBe(true);
  expect(sends('Plain')).toBe(false);
});

function statementsOf(role: Resource | undefined): Statement[] {
  return role?.Properties.Policies[0].PolicyDocument.Statement;
}

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}
