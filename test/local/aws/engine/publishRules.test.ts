import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AcceptedPublish,
  type Engine,
  messageFor,
  startEngine,
} from '../../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';

let engine: Engine;
let sns: SNSClient;
let TopicArn: string;
let published: AcceptedPublish[];

beforeEach(async () => {
  engine = await startEngine({ port: 0, region: 'eu-west-1', speed: 1 });
  sns = new SNSClient({ endpoint: engine.endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
  ({ TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 't' })));
  await subscribe('q');
  published = [];
  engine.onPublish((publish) => published.push(publish));
});
afterEach(async () => {
  sns.destroy();
  await engine.stop();
});

async function subscribe(QueueName: string, Attributes: Record<string, string> = {}): Promise<void> {
  await engine.sqs('CreateQueue', { QueueName });
  const Endpoint = engine.queueArn(QueueName);
  await engine.sns('Subscribe', { TopicArn, Protocol: 'sqs', Endpoint, Attributes });
}

interface Given {
  Message?: string;
  Subject?: string;
  MessageStructure?: string;
}

const alone = (given: Given) => sns.send(new PublishCommand({ TopicArn, Message: 'x', ...given }));

const inBatch = (given: Given) => {
  const entries = [
    { Id: 'fine', Message: 'x' },
    { Id: 'given', Message: 'x', ...given },
  ];
  return sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }));
};

async function bodies(queueName: string): Promise<string[]> {
  return (await engine.inspectQueue(queueName))?.visible.map(({ body }) => body) ?? [];
}

async function envelopes(queueName: string): Promise<{ Message: string; Subject?: string }[]> {
  return (await bodies(queueName)).map((body) => JSON.parse(body));
}

const json = (structure: unknown) => ({
  MessageStructure: 'json',
  Message: typeof structure === 'string' ? structure : JSON.stringify(structure),
});

describe('a publish is refused, alone or in a batch, with', () => {
  test.each<[string, Given]>([
    ['a subject of more than 100 characters', { Subject: 'x'.repeat(101) }],
    ['a subject of two lines', { Subject: 'a\nb' }],
    ['a control character in its subject', { Subject: 'a\u0007' }],
    ['an empty subject', { Subject: '' }],
    ['a structure that is not JSON', json('{"default"')],
    ['a structure that is a list', json(['default'])],
    ['a structure that is null', json(null)],
    ['a structure without a default', json({ sqs: 'S' })],
    ['a default that is no text', json({ default: { n: 1 }, sqs: 'S' })],
  ])('%s', async (_what, given) => {
    const refusal = { name: 'InvalidParameterException', $metadata: { httpStatusCode: 400 } };
    await expect(alone(given)).rejects.toMatchObject(refusal);
    await expect(inBatch(given)).rejects.toMatchObject(refusal);
    expect(published).toEqual([]);
    expect(await bodies('q')).toEqual([]);
  });
});

test('a subject of 100 characters is taken', async () => {
  const Subject = 'ü'.repeat(100);
  await alone({ Subject });
  await inBatch({ Subject });
  const subjects = (await envelopes('q')).map((envelope) => envelope.Subject);
  expect(subjects).toEqual([Subject, undefined, Subject]);
});

describe('a message for each protocol', () => {
  test('reaches a queue as the one for SQS, wrapped or raw, and falls back to the default', async () => {
    await subscribe('raw', { RawMessageDelivery: 'true' });
    await alone(json({ default: 'd', sqs: 'S' }));
    await alone(json({ default: 'd', email: 'E', sqs: 1 }));
    await inBatch(json({ default: 'b', sqs: 'B' }));
    expect((await envelopes('q')).map(({ Message }) => Message)).toEqual(['S', 'd', 'x', 'B']);
    expect(await bodies('raw')).toEqual(['S', 'd', 'x', 'B']);
  });

  test('is heard with its default, and with what other protocols get', async () => {
    await alone(json({ default: 'd', email: 'E', sqs: 'S' }));
    const [publish] = published as [AcceptedPublish];
    expect(publish.message).toBe('d');
    expect(['email', 'email-json', 'sqs'].map((protocol) => messageFor(publish, protocol))).toEqual([
      'E',
      'd',
      'S',
    ]);
  });

  test('reaches the subscription’s dead-letter queue as the one for SQS', async () => {
    await engine.sqs('CreateQueue', { QueueName: 'undelivered' });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: engine.queueArn('undelivered') });
    await subscribe('gone', { RedrivePolicy });
    await engine.sqs('DeleteQueue', { QueueUrl: engine.queueUrl('gone') });
    await alone(json({ default: 'd', sqs: 'S' }));
    expect((await envelopes('undelivered')).map(({ Message }) => Message)).toEqual(['S']);
  });

  test('is text like any other where no structure is named', async () => {
    const Message = '{"default":"d","sqs":"S"}';
    await alone({ Message });
    expect((await envelopes('q')).map((envelope) => envelope.Message)).toEqual([Message]);
  });
});

test('a topic may be named as the target', async () => {
  await sns.send(new PublishCommand({ TargetArn: TopicArn, Message: 'x' }));
  expect((await envelopes('q')).map(({ Message }) => Message)).toEqual(['x']);
  expect(published).toMatchObject([{ topicArn: TopicArn, message: 'x' }]);
  const missing = new PublishCommand({ TargetArn: engine.topicArn('missing'), Message: 'x' });
  await expect(sns.send(missing)).rejects.toMatchObject({ name: 'NotFoundException' });
});

test('a FIFO topic delivers to its queue once, in the group', async () => {
  const { TopicArn: fifo } = await engine.sns('CreateTopic', {
    Name: 't.fifo',
    Attributes: { FifoTopic: 'true', ContentBasedDeduplication: 'true' },
  });
  const { QueueUrl } = await engine.sqs('CreateQueue', {
    QueueName: 'q.fifo',
    Attributes: { FifoQueue: 'true' },
  });
  await engine.sns('Subscribe', { TopicArn: fifo, Protocol: 'sqs', Endpoint: engine.queueArn('q.fifo') });
  for (const Message of ['x', 'x', 'y']) {
    await sns.send(new PublishCommand({ TopicArn: fifo, Message, MessageGroupId: 'a' }));
  }
  expect((await envelopes('q.fifo')).map(({ Message }) => Message)).toEqual(['x', 'y']);
  const { Messages } = await engine.sqs('ReceiveMessage', {
    QueueUrl,
    MessageSystemAttributeNames: ['MessageGroupId'],
  });
  expect(Messages[0].Attributes).toEqual({ MessageGroupId: 'a' });
  await expect(sns.send(new PublishCommand({ TopicArn: fifo, Message: 'x' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
});
