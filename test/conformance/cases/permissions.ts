import assert from 'node:assert/strict';
import { text } from '../../aws/behaviours/aws.ts';
import { check, describe } from '../checks.ts';
import type { Keys } from '../ministack/boto3.ts';
import { AwsRefusal } from '../ministack/boto3.ts';
import { account, region } from '../ministack/server.ts';
import { world } from '../world.ts';

const sns = `arn:aws:sns:${region}:${account}`;

/** The keys of a role, which from now on trusts the account too: only its permissions are looked at. */
async function assume(roleArn: string): Promise<Keys> {
  const { aws } = world().ministack;
  const RoleName = roleArn.split('/').at(-1);
  const { Role } = await aws.call('iam', 'get_role', { RoleName });
  const trust = Role.AssumeRolePolicyDocument;
  trust.Statement.push({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'sts:AssumeRole',
  });
  await aws.call('iam', 'update_assume_role_policy', { RoleName, PolicyDocument: JSON.stringify(trust) });
  const { Credentials } = await aws.call('sts', 'assume_role', {
    RoleArn: roleArn,
    RoleSessionName: 'check',
  });
  return {
    aws_access_key_id: Credentials.AccessKeyId,
    aws_secret_access_key: Credentials.SecretAccessKey,
    aws_session_token: Credentials.SessionToken,
  };
}

async function roleOf(functionName: string): Promise<string> {
  const { Role } = await world().ministack.aws.call('lambda', 'get_function_configuration', {
    FunctionName: functionName,
  });
  return Role;
}

async function isDenied(keys: Keys, service: string, operation: string, params: object): Promise<void> {
  await assert.rejects(
    world().ministack.aws.call(service, operation, params, keys),
    (error) => error instanceof AwsRefusal && /AccessDenied|AuthorizationError/.test(error.code),
    `${service}.${operation} ${JSON.stringify(params)} is allowed`,
  );
}

async function isAllowed(keys: Keys, service: string, operation: string, params: object): Promise<void> {
  await world().ministack.aws.call(service, operation, params, keys);
}

const queue = (name: string) => ({ QueueUrl: world().queueUrl(name) });

describe("a job's role", () => {
  let keys: Keys;

  check('may receive from its own queue, and from no other', async () => {
    keys = await assume(await roleOf('jobs-dev-EchoJob'));
    await isAllowed(keys, 'sqs', 'receive_message', queue('jobs-dev-EchoJob'));
    for (const other of ['jobs-dev-OtherJob', 'jobs-dev-EchoJob-dead-letters', 'jobs-dev-unrouted']) {
      await isDenied(keys, 'sqs', 'receive_message', queue(other));
    }
  });

  check('may send its own dead letters, and no other message', async () => {
    const message = {
      MessageBody: '{"id":"sent by the role"}',
      MessageAttributes: { jobName: text('EchoJob') },
    };
    await isAllowed(keys, 'sqs', 'send_message', { ...queue('jobs-dev-EchoJob-dead-letters'), ...message });
    await isDenied(keys, 'sqs', 'send_message', { ...queue('jobs-dev-EchoJob'), ...message });
    await isDenied(keys, 'sqs', 'send_message', { ...queue('jobs-dev-OtherJob-dead-letters'), ...message });
    await isDenied(keys, 'sqs', 'send_message', { ...queue('jobs-dev-OtherJob'), ...message });
    await world().project.jobs(['dlq', 'discard', 'EchoJob', '--all', '--yes']);
  });

  check('may neither publish nor read tables that it has not asked for', async () => {
    const TopicArn = `${sns}:jobs-dev`;
    await isDenied(keys, 'sns', 'publish', { TopicArn, Message: '{}' });
    await isDenied(keys, 'dynamodb', 'scan', { TableName: 'jobs-dev-status' });
    await isDenied(keys, 'dynamodb', 'get_item', {
      TableName: 'jobs-dev-idempotency',
      Key: { id: { S: 'x' } },
    });
  });

  check('may do what the job file asks for, and no more', async () => {
    const TableName = 'conformance-runs';
    await isAllowed(keys, 'dynamodb', 'update_item', {
      TableName,
      Key: { id: { S: 'by the role' } },
      UpdateExpression: 'SET seen = :yes',
      ExpressionAttributeValues: { ':yes': { BOOL: true } },
    });
    await isDenied(keys, 'dynamodb', 'delete_item', { TableName, Key: { id: { S: 'by the role' } } });
  });
});

describe('the role of an idempotent job', () => {
  check('may use the table of keys, and not the one of states', async () => {
    const keys = await assume(await roleOf('jobs-dev-OnceJob'));
    const Key = { id: { S: 'none' } };
    await isAllowed(keys, 'dynamodb', 'get_item', { TableName: 'jobs-dev-idempotency', Key });
    await isDenied(keys, 'dynamodb', 'get_item', { TableName: 'jobs-dev-status', Key });
    await isDenied(keys, 'dynamodb', 'scan', { TableName: 'jobs-dev-status' });
  });
});

describe("the API's role", () => {
  check('may publish and read states, and receives nothing', async () => {
    const keys = await assume(await roleOf('jobs-dev-api'));
    const TopicArn = world().outputs.TopicArn;
    await isAllowed(keys, 'sns', 'publish', {
      TopicArn,
      Message: '{"id":"published by the role"}',
      MessageAttributes: { jobName: text('EchoJob') },
    });
    await isAllowed(keys, 'dynamodb', 'get_item', {
      TableName: 'jobs-dev-status',
      Key: { jobId: { S: 'none' } },
    });
    await isDenied(keys, 'sns', 'publish', { TopicArn: world().outputs.AlarmTopicArn, Message: 'x' });
    await isDenied(keys, 'sqs', 'receive_message', queue('jobs-dev-DocumentJob'));
    await isDenied(keys, 'dynamodb', 'scan', { TableName: 'conformance-runs' });
  });
});

describe("the schedules' role", () => {
  check("may publish to the platform's topic alone", async () => {
    const { aws } = world().ministack;
    const { Schedules } = await aws.call('scheduler', 'list_schedules');
    const { Target } = await aws.call('scheduler', 'get_schedule', {
      Name: Schedules[0].Name,
      GroupName: Schedules[0].GroupName,
    });
    const keys = await assume(Target.RoleArn);
    await isAllowed(keys, 'sns', 'publish', JSON.parse(Target.Input));
    await isDenied(keys, 'sns', 'publish', { TopicArn: world().outputs.AlarmTopicArn, Message: 'x' });
    await isDenied(keys, 'sqs', 'receive_message', queue('jobs-dev-LaterJob'));
  });
});

describe('a queue', () => {
  check('takes from the topic of its own stage, and not from another topic', async () => {
    const { aws } = world().ministack;
    const { TopicArn } = await aws.call('sns', 'create_topic', { Name: 'foreign' });
    await aws.call('sns', 'subscribe', {
      TopicArn,
      Protocol: 'sqs',
      Endpoint: `arn:aws:sqs:${region}:${account}:jobs-dev-EchoJob`,
    });
    const publish = (id: string) => aws.call('sns', 'publish', { TopicArn, Message: JSON.stringify({ id }) });
    await publish('from a foreign topic');
    await world().publish('EchoJob', { id: 'after the foreign one' });
    await world().untilRuns('after the foreign one', 1);
    assert.deepEqual(await world().runs('from a foreign topic'), []);

    // It is the policy that keeps it out: with a statement more it comes.
    const QueueUrl = world().queueUrl('jobs-dev-EchoJob');
    const { Attributes } = await aws.call('sqs', 'get_queue_attributes', {
      QueueUrl,
      AttributeNames: ['Policy'],
    });
    const policy = JSON.parse(Attributes.Policy);
    policy.Statement.push({ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' });
    await aws.call('sqs', 'set_queue_attributes', {
      QueueUrl,
      Attributes: { Policy: JSON.stringify(policy) },
    });
    await publish('let in');
    await world().untilRuns('let in', 1);
    await aws.call('sqs', 'set_queue_attributes', { QueueUrl, Attributes });
    await aws.call('sns', 'delete_topic', { TopicArn });
  });
});
