import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { CommandError } from '../../cli/outcome.ts';
import { type StackResource, stackTarget } from '../../cli/stackTarget.ts';
import { apiUrlOf } from '../../cli/status/statusApi.ts';

const arn = (name: string): StackResource => ({
  type: 'AWS::SNS::Topic',
  physicalId: `arn:aws:sns:eu-west-1:123456789012:${name}`,
});
const url = (name: string) => `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`;
const queue = (name: string): StackResource => ({ type: 'AWS::SQS::Queue', physicalId: url(name) });

const noOutputs = async () => ({});

test('a stack’s topic and the queues of its jobs are found by their names', async () => {
  const names = ['unrouted', 'undelivered', 'Report', 'Report-dead-letters', 'A_b-c', 'A_b-c-dead-letters'];
  const resources = [
    arn('jobs-dev-alarms'),
    arn('jobs-dev'),
    ...names.map((name) => queue(`jobs-dev-${name}`)),
  ];
  const asked: string[] = [];
  const target = await stackTarget(
    'Jobs-dev',
    async (name) => {
      asked.push(name);
      return [...resources, { type: 'AWS::Lambda::Function', physicalId: 'jobs-dev-Report' }];
    },
    noOutputs,
  );

  expect(asked).toEqual(['Jobs-dev']);
  expect(target).toEqual({
    name: 'stack Jobs-dev',
    topicArn: 'arn:aws:sns:eu-west-1:123456789012:jobs-dev',
    clientConfig: { region: 'eu-west-1' },
    jobs: {
      Report: { queueUrl: url('jobs-dev-Report'), deadLetterQueueUrl: url('jobs-dev-Report-dead-letters') },
      'A_b-c': { queueUrl: url('jobs-dev-A_b-c'), deadLetterQueueUrl: url('jobs-dev-A_b-c-dead-letters') },
    },
  });
});

test('its API and its bucket are found by its outputs, and are missing where those cannot be read', async () => {
  const list = async () => [arn('jobs-dev'), queue('jobs-dev-unrouted')];
  const outputs = { ApiUrl: 'https://api.example.com/', FilesBucket: 'files', Other: 'x' };
  expect(await stackTarget('Jobs-dev', list, async () => outputs)).toMatchObject({
    apiUrl: 'https://api.example.com/',
    filesBucket: 'files',
  });
  const denied = await stackTarget('Jobs-dev', list, () => Promise.reject(new Error('AccessDenied')));
  expect(denied).not.toHaveProperty('apiUrl');
  expect(denied.topicArn).toBe(arn('jobs-dev').physicalId);
  expect(() => apiUrlOf(denied)).toThrow(/needs cloudformation:DescribeStacks\. AWS says: AccessDenied$/);
});

test('CloudFormation that has answered is not advised away, and its full stop is not doubled', async () => {
  const cause = Object.assign(new Error('Stack with id Jobs does not exist.'), { name: 'ValidationError' });
  await withEnvironment({ AWS_ENDPOINT_URL: 'https://an.aws.example' }, async () => {
    const missing = stackTarget('Jobs', () => Promise.reject(cause), noOutputs);
    await expect(missing).rejects.toThrow(/: Stack with id Jobs does not exist\. Check the name/);
  });
});

test('a stack without a platform, and one that cannot be read, are told apart', async () => {
  const other = stackTarget('Web', async () => [arn('news'), queue('orders')], noOutputs);
  await expect(other).rejects.toThrow(CommandError);
  await expect(other).rejects.toThrow(/^stack Web holds no job platform/);

  const cause = new Error('Stack with id Jobs does not exist');
  const missing = stackTarget('Jobs', () => Promise.reject(cause), noOutputs);
  await expect(missing).rejects.toMatchObject({ name: 'CommandError', cause });
  await expect(missing).rejects.toThrow(/does not exist. Check the name, AWS_REGION and AWS_PROFILE$/);
});

test.each([
  ['AWS_ENDPOINT_URL', { AWS_ENDPOINT_URL: 'http://127.0.0.1:4100' }],
  [
    'AWS_ENDPOINT_URL_CLOUDFORMATION',
    { AWS_ENDPOINT_URL: 'http://other', AWS_ENDPOINT_URL_CLOUDFORMATION: 'http://127.0.0.1:4100' },
  ],
])('one that was not looked for at AWS itself says so: %s', async (variable, environment) => {
  await withEnvironment(environment, async () => {
    const stack = stackTarget('jobs-prod', () => Promise.reject(new Error('Unknown action')), noOutputs);
    await expect(stack).rejects.toThrow(
      `stack jobs-prod cannot be read: Unknown action. ${variable} is http://127.0.0.1:4100: unset it and what was ` +
        'exported with it, so that AWS is asked. Check the name, AWS_REGION and AWS_PROFILE',
    );
  });
});

test('resources and outputs are read from CloudFormation, all pages of them', async () => {
  const pages = { '': [queue('jobs-dev-unrouted')], next: [arn('jobs-dev')] };
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    expect(form.get('StackName')).toBe('Jobs-dev');
    if (form.get('Action') === 'DescribeStacks') return response.end(outputsXml);
    expect(form.get('Action')).toBe('ListStackResources');
    const token = form.get('NextToken') === 'next' ? 'next' : '';
    response.end(resourcesXml(pages[token], token === '' ? 'next' : undefined));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const environment = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  try {
    const { topicArn, jobs, filesBucket } = await withEnvironment(environment, () => stackTarget('Jobs-dev'));
    expect({ topicArn, jobs, filesBucket }).toEqual({
      topicArn: arn('jobs-dev').physicalId,
      jobs: {},
      filesBucket: 'files',
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

async function withEnvironment<T>(
  environment: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

const outputsXml =
  '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><Outputs><member><OutputKey>FilesBucket</OutputKey><OutputValue>files</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>';

function resourcesXml(resources: readonly StackResource[], nextToken: string | undefined): string {
  const members = resources.map(
    ({ type, physicalId }) =>
      `<member><ResourceType>${type}</ResourceType><PhysicalResourceId>${physicalId}</PhysicalResourceId></member>`,
  );
  const next = nextToken === undefined ? '' : `<NextToken>${nextToken}</NextToken>`;
  const result = `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>${next}`;
  return `<ListStackResourcesResponse><ListStackResourcesResult>${result}</ListStackResourcesResult></ListStackResourcesResponse>`;
}
