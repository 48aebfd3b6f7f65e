import {
  type MessageAttributeValue,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';

let engine: Engine;
let sqs: SQSClient;

beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'eu-west-1', speed: 1 });
  sqs = new SQSClient({ endpoint: engine.endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
});
afterAll(async () => {
  sqs?.destroy();
  await engine?.stop();
});

let queues = 0;
async function createQueue(): Promise<{ QueueUrl: string; bodies(): Promise<string[]> }> {
  const QueueName = `q${++queues}`;
  const { QueueUrl } = await engine.sqs('CreateQueue', { QueueName });
  return {
    QueueUrl,
    bodies: async () => (await engine.inspectQueue(QueueName))?.visible.map(({ body }) => body) ?? [],
  };
}

const text = (StringValue: string, DataType = 'String') => ({ DataType, StringValue });

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, text('x')]));

describe('message attributes that SQS does not take', () => {
  test.each<[string, Record<string, MessageAttributeValue>]>([
    ['eleven', many(11)],
    ['an empty value', { a: text('') }],
    ['no value', { a: { DataType: 'String' } }],
    ['a name with other characters', { 'a b': text('x') }],
    ['a name of more than 256 characters', { ['a'.repeat(257)]: text('x') }],
    ['a name that is AWS’s', { 'AWS.a': text('x') }],
    ['a name that is Amazon’s', { 'amazon.a': text('x') }],
    ['an invented type', { a: text('x', 'Foo') }],
    ['an empty suffix', { a: text('x', 'String.') }],
    ['a number that is none', { a: text('x', 'Number') }],
    ['text as bytes', { a: text('x', 'Binary') }],
  ])('are refused, and in a batch alone of all: %s', async (_what, MessageAttributes) => {
    const { QueueUrl, bodies } = await createQueue();
    const alone = new SendMessageCommand({ QueueUrl, MessageBody: 'alone', MessageAttributes });
    await expect(sqs.send(alone)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      $metadata: { httpStatusCode: 400 },
    });
    const Entries = [
      { Id: 'before', MessageBody: 'before' },
      { Id: 'refused', MessageBody: 'refused', MessageAttributes },
      { Id: 'after', MessageBody: 'after', MessageAttributes: many(1) },
    ];
    const { Successful, Failed } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful?.map(({ Id }) => Id)).toEqual(['before', 'after']);
    expect(Failed).toEqual([
      {
        Id: 'refused',
        SenderFault: true,
        Code: 'InvalidParameterValue',
        Message: expect.stringMatching(/attribute/),
      },
    ]);
    expect(await bodies()).toEqual(['before', 'after']);
  });

  test('others are taken', async () => {
    const { QueueUrl, bodies } = await createQueue();
    const MessageAttributes = {
      ...many(7),
      'own.name_1-x': text('x', 'String.own'),
      number: text('-1.5e3', 'Number.float'),
      bytes: { DataType: 'Binary.gif', BinaryValue: Buffer.from([0, 1]) },
    };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageAttributes }));
    expect(await bodies()).toEqual(['x']);
  });

  test('do not hide what is wrong with the batch', async () => {
    const { QueueUrl, bodies } = await createQueue();
    const entry = { MessageBody: 'x', MessageAttributes: { a: text('') } };
    const Entries = Array.from({ length: 11 }, (_, index) => ({ Id: String(index), ...entry }));
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequest',
    });
    expect(await bodies()).toEqual([]);
  });
});
