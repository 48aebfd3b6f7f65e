import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';
import { startEventSourceMapping } from '../../../../local/aws/lambda/eventSourceMapping.ts';
import type { LocalFunction } from '../../../../local/aws/lambda/function.ts';
import { sqsRecord, systemAttributes } from '../../../../src/message/sqsRecord.ts';
import { until } from '../lambda/processes.ts';

let engine: Engine;
let sqs: SQSClient;
let sns: SNSClient;
let TopicArn: string;
/** Of a standard queue that is subscribed to the topic, and whose messages die at their second receive. */
let QueueUrl: string;
let deadUrl: string;

beforeEach(async () => {
  engine = await startEngine({ port: 0, region: 'eu-west-1', speed: 1 });
  const options = { endpoint: engine.endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 };
  [sqs, sns] = [new SQSClient(options), new SNSClient(options)];
  deadUrl = await createQueue('dead', {});
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: engine.queueArn('dead'), maxReceiveCount: 1 });
  QueueUrl = await createQueue('q', { VisibilityTimeout: '0', RedrivePolicy });
  ({ TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 't' })));
});
afterEach(async () => {
  sqs.destroy();
  sns.destroy();
  await engine.stop();
});

async function createQueue(QueueName: string, Attributes: Record<string, string>): Promise<string> {
  return (await engine.sqs('CreateQueue', { QueueName, Attributes })).QueueUrl;
}

async function subscribe(Attributes: Record<string, string> = {}): Promise<void> {
  await engine.sns('Subscribe', { TopicArn, Protocol: 'sqs', Endpoint: engine.queueArn('q'), Attributes });
}

async function received(url: string, asked: string[]): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: asked as ['All'],
  });
  return (await sqs.send(command)).Messages ?? [];
}

const groupsOf = (messages: Message[]) => messages.map(({ Attributes }) => Attributes?.MessageGroupId);

describe('the group of a message in a standard queue', () => {
  test.each([
    ['wrapped', {}],
    ['raw', { RawMessageDelivery: 'true' }],
  ])('comes from its publish, alone or in a batch, %s', async (_how, attributes) => {
    await subscribe(attributes);
    await sns.send(new PublishCommand({ TopicArn, Message: 'alone', MessageGroupId: 'a' }));
    await sns.send(
      new PublishBatchCommand({
        TopicArn,
        PublishBatchRequestEntries: [
          { Id: '1', Message: 'one', MessageGroupId: 'b' },
          { Id: '2', Message: 'two' },
          { Id: '3', Message: 'three', MessageGroupId: 'c' },
        ],
      }),
    );
    expect(groupsOf(await received(QueueUrl, ['All']))).toEqual(['a', 'b', undefined, 'c']);
  });

  test('comes from its send, with attributes or without', async () => {
    const MessageAttributes = { note: { DataType: 'String', StringValue: 'n' } };
    const message = { MessageBody: 'x', MessageAttributes };
    await sqs.send(new SendMessageCommand({ QueueUrl, ...message, MessageGroupId: 'a' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageGroupId: 'b' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const Entries = [
      { Id: '1', ...message, MessageGroupId: 'c' },
      { Id: '2', MessageBody: 'x', MessageGroupId: 'd', DelaySeconds: 0 },
      { Id: '3', ...message },
    ];
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(groupsOf(await received(QueueUrl, ['MessageGroupId']))).toEqual([
      'a',
      'b',
      undefined,
      'c',
      'd',
      undefined,
    ]);
  });

  test('is kept by the redrive policy and by a move task', async () => {
    await subscribe();
    await sns.send(new PublishCommand({ TopicArn, Message: 'x', MessageGroupId: 'a' }));
    await received(QueueUrl, []);
    await received(QueueUrl, []);
    const asked = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: deadUrl,
        VisibilityTimeout: 0,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    expect(groupsOf(asked.Messages ?? [])).toEqual(['a']);
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: engine.queueArn('dead') }));
    await until(async () => (await engine.queueCounts('q'))?.visible === 1);
    expect(groupsOf(await received(QueueUrl, ['All']))).toEqual(['a']);
  });

  test('is seen by a worker and by a function', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageGroupId: 'a' }));
    const [message] = await received(QueueUrl, [...systemAttributes]);
    expect(sqsRecord(message as Message).attributes.MessageGroupId).toBe('a');

    const url = await createQueue('mapped', {});
    await engine.sqs('SendMessage', { QueueUrl: url, MessageBody: 'x', MessageGroupId: 'b' });
    const events: { Records: { attributes: object }[] }[] = [];
    const fn = {
      timeoutSeconds: 3,
      invoke: async (payload: string) => {
        events.push(JSON.parse(payload));
        return { status: 'ok', payload: '{}' };
      },
    } as unknown as LocalFunction;
    const config = {
      queueName: 'mapped',
      batchSize: 1,
      batchWindowSeconds: 0,
      reportBatchItemFailures: true,
      enabled: true,
    };
    const mapping = startEventSourceMapping(config, engine, fn, { onWarning: () => {} });
    await until(() => events.length === 1);
    await mapping.stop();
    expect(events[0]?.Records[0]?.attributes).toMatchObject({ MessageGroupId: 'b' });
  });
});

describe('a dead letter', () => {
  test('tells whose redrive policy moved it, to whom asks', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'moved' }));
    await received(QueueUrl, []);
    await received(QueueUrl, ['DeadLetterQueueSourceArn']);
    await sqs.send(new SendMessageCommand({ QueueUrl: deadUrl, MessageBody: 'sent' }));
    const look = async (asked: object) =>
      (
        await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: deadUrl,
            MaxNumberOfMessages: 10,
            VisibilityTimeout: 0,
            ...asked,
          }),
        )
      ).Messages?.map(({ Body, Attributes = {} }) => [Body, Attributes.DeadLetterQueueSourceArn]);
    const told = [
      ['moved', engine.queueArn('q')],
      ['sent', undefined],
    ];
    expect(await look({ MessageSystemAttributeNames: ['DeadLetterQueueSourceArn'] })).toEqual(told);
    expect(await look({ MessageSystemAttributeNames: ['All'] })).toEqual(told);
    expect(await look({ AttributeNames: ['All'] })).toEqual(told);
    expect(await look({ MessageSystemAttributeNames: ['SentTimestamp'] })).toEqual([
      ['moved', undefined],
      ['sent', undefined],
    ]);
  });
});
