import { describe, expect, test } from '@jest/globals';
import { bundledJob, platformStack, type Resource, resourcesByPath, templateOf } from '../template.ts';

describe('the bucket of files', () => {
  const bucket = 'Jobs/FilesBucket';

  test('a platform has a bucket that is private, encrypted, and forgets', () => {
    const { [bucket]: found } = resourcesByPath(templateOf());
    expect(found?.Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'expire',
            Status: 'Enabled',
            ExpirationInDays: 30,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
    });
    expect(found?.Properties).not.toHaveProperty('BucketName');
    expect(found?.Properties).not.toHaveProperty('CorsConfiguration');
  });

  test('by TLS only', () => {
    const policy = resourcesByPath(templateOf())[`${bucket}/Policy`]?.Properties.PolicyDocument;
    expect(policy.Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Principal: { AWS: '*' },
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ]);
  });

  test('websites use its presigned URLs where the API lets them in, and no others', () => {
    const origins = ['https://app.example.com', 'http://localhost:5173'];
    const { [bucket]: found } = resourcesByPath(templateOf({ api: { origins } }));
    expect(found?.Properties.CorsConfiguration.CorsRules).toEqual([
      {
        AllowedOrigins: origins,
        AllowedMethods: ['POST', 'GET', 'HEAD'],
        AllowedHeaders: ['content-type', 'range'],
        ExposedHeaders: ['content-disposition', 'content-range', 'etag'],
        MaxAge: 3600,
      },
    ]);
  });

  test.each([
    ['prod', 'RetainExceptOnCreate'],
    ['dev', 'Delete'],
  ])('stage %s: %s', (stage, policy) => {
    expect(resourcesByPath(templateOf({ stage }))[bucket]?.DeletionPolicy).toBe(policy);
  });

  test('its name is an output, and the construct is at hand', () => {
    expect(templateOf().toJSON().Outputs.FilesBucket.Value).toEqual({
      Ref: expect.stringMatching(/^JobsFilesBucket/),
    });
    expect(platformStack().platform.filesBucket.bucketName).toBeDefined();
  });
});

describe('the idempotency table', () => {
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
    expect(
      resourcesByPath(templateOf({ jobs, stage: 'prod' }))['Jobs/IdempotencyTable']?.DeletionPolicy,
    ).toBe('RetainExceptOnCreate');
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
});

describe('the status table', () => {
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
});

function statementsOf(role: Resource | undefined): Statement[] {
  return role?.Properties.Policies[0].PolicyDocument.Statement;
}

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}
