import { expect, test } from '@jest/globals';
import { bundledJob, resourcesByPath, templateOf } from '../template.ts';

const jobs = [bundledJob('Plain', { track: false }), bundledJob('Tracked', { track: true })];

test('there is no table while no job tracks', () => {
  const resources = resourcesByPath(templateOf({ jobs: jobs.slice(0, 1) }));
  expect(resources['Jobs/StatusTable']).toBeUndefined();
  expect(resources['Jobs/Job/Plain/Function']?.Properties.Environment.Variables).not.toHaveProperty(
    'JOB_STATUS_TABLE',
  );
});

test('the table is encrypted, expires its items, is paid by use, can be restored and lists jobs by age', () => {
  expect(resourcesByPath(templateOf({ jobs }))['Jobs/StatusTable']).toMatchObject({
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: 'Delete',
    Properties: {
      TableName: 'jobs-dev-status',
      KeySchema: [{ AttributeName: 'jobId', KeyType: 'HASH' }],
      AttributeDefinitions: [
        { AttributeName: 'jobId', AttributeType: 'S' },
        { AttributeName: 'listKey', AttributeType: 'S' },
        { AttributeName: 'createdAt', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byJob',
          KeySchema: [
            { AttributeName: 'listKey', KeyType: 'HASH' },
            { AttributeName: 'createdAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
  });
  expect(resourcesByPath(templateOf({ jobs, stage: 'prod' }))['Jobs/StatusTable']?.DeletionPolicy).toBe(
    'RetainExceptOnCreate',
  );
});

test('only the job that tracks knows the table', () => {
  const resources = resourcesByPath(templateOf({ jobs }));
  const variables = (name: string) =>
    resources[`Jobs/Job/${name}/Function`]?.Properties.Environment.Variables;
  expect(variables('Tracked').JOB_STATUS_TABLE).toEqual({ Ref: expect.stringMatching(/^JobsStatusTable/) });
  expect(variables('Plain')).not.toHaveProperty('JOB_STATUS_TABLE');
  expect(JSON.stringify(resources['Jobs/Job/Plain/Role']?.Properties)).not.toContain('dynamodb:');
});
