import { expect, test } from '@jest/globals';
import { platformStack, resourcesByPath, templateOf } from '../template.ts';

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
