import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';

let engine: Engine;
let options: { endpoint: string; region: string; credentials: object; maxAttempts: number };

beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'eu-west-1', speed: 1 });
  options = { endpoint: engine.endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 };
});
afterAll(() => engine?.stop());

/** As an SDK sends it, but for the signature itself. */
function signed(service: string, path: string, headers: object, body?: string, method = 'POST') {
  const authorization = `AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=x`;
  return fetch(engine.endpoint + path, {
    method,
    headers: { ...headers, authorization },
    ...(body !== undefined && { body }),
  });
}

describe('a service that does not run locally', () => {
  test.each([
    [
      'monitoring',
      () => send(CloudWatchClient, new PutMetricDataCommand({ Namespace: 'n', MetricData: [] })),
    ],
    ['cloudformation', () => send(CloudFormationClient, new DescribeStacksCommand({}))],
  ])('is refused in words that an SDK’s error tells: %s', async (service, call) => {
    await expect(call()).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringMatching(
        new RegExp(`^${service} does not run locally: .*Skip the call, .*AWS_ENDPOINT_URL_<SERVICE>`),
      ),
      $metadata: { httpStatusCode: 501, attempts: 1 },
    });
  });

  const json = (version: string, target: string) => ({
    'content-type': `application/x-amz-json-${version}`,
    'x-amz-target': target,
  });
  test.each<[string, string, object, string | undefined, string]>([
    ['lambda', '/2015-03-31/functions/nope/invocations', { 'x-amz-invocation-type': 'Event' }, '{}', 'POST'],
    ['lambda', '/2015-03-31/functions/nope', {}, undefined, 'GET'],
    ['ses', '/v2/email/outbound-emails', { 'content-type': 'application/json' }, '{}', 'POST'],
    ['ssm', '/', json('1.1', 'AmazonSSM.GetParameter'), '{"Name":"n"}', 'POST'],
    ['secretsmanager', '/', json('1.1', 'secretsmanager.GetSecretValue'), '{"SecretId":"s"}', 'POST'],
    ['kms', '/', json('1.1', 'TrentService.Decrypt'), '{}', 'POST'],
    ['events', '/', json('1.1', 'AWSEvents.PutEvents'), '{"Entries":[]}', 'POST'],
  ])('is refused as %s itself would say it', async (service, path, headers, body, method) => {
    const response = await signed(service, path, headers, body, method);
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([501, 'NotImplemented']);
    expect(await response.json()).toEqual({
      __type: 'NotImplemented',
      message: expect.stringContaining(`${service} does not run locally`),
    });
  });

  test('is not taken for S3 where nothing tells the service', async () => {
    const response = await fetch(`${engine.endpoint}/v2/email/outbound-emails`, {
      method: 'POST',
      body: '{}',
    });
    expect(response.status).toBe(405);
    expect(await response.text()).toContain('<Code>MethodNotAllowed</Code>');
  });
});

test('what runs locally is served, signed for whatever region', async () => {
  const { Buckets = [] } = await send(S3Client, new ListBucketsCommand({}));
  expect(Buckets).toEqual([]);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const identity = await signed('sts', '/', form, 'Action=GetCallerIdentity&Version=2011-06-15');
  expect([identity.status, await identity.text()]).toEqual([200, expect.stringContaining(engine.accountId)]);
});

interface Client {
  // biome-ignore lint/suspicious/noExplicitAny: any client's command
  send(command: any): Promise<any>;
  destroy(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: any client's configuration
async function send(ClientOf: new (options: any) => Client, command: object) {
  const client = new ClientOf(options);
  try {
    return await client.send(command);
  } finally {
    client.destroy();
  }
}
