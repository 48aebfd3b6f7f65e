import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateScheduleGroupCommand,
  DeleteScheduleGroupCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  PublishCommand,
  type PublishCommandInput,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { signedHeaders } from '../../../src/sigV4.ts';
import type { AlarmTrial, Hosts } from './hosts.ts';

/** Where AWS, or what stands for it, answers. */
export interface Endpoint {
  /** undefined: AWS itself. */
  readonly url: string | undefined;
  readonly region: string;
  /** undefined: those that the AWS SDK finds. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * An endpoint by the ordinary SDK, and queues, topics, tables and buckets of one's own, which `dispose` removes.
 */
export class Aws {
  readonly endpoint: Endpoint;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly scheduler: SchedulerClient;
  readonly #hosts: Hosts;
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  constructor(endpoint: Endpoint, hosts: Hosts) {
    this.endpoint = endpoint;
    this.#hosts = hosts;
    const { url, region, credentials } = endpoint;
    const options = {
      region,
      maxAttempts: 1,
      ...(url && { endpoint: url }),
      ...(credentials && { credentials }),
    };
    this.sqs = new SQSClient(options);
    this.sns = new SNSClient(options);
    this.dynamodb = new DynamoDBClient(options);
    this.s3 = new S3Client({ ...options, forcePathStyle: url !== undefined });
    this.scheduler = new SchedulerClient(options);
  }

  /** A name that nobody else has. */
  name(): string {
    return `behaviour-${randomUUID().slice(0, 18)}`;
  }

  /** Makes a queue, and answers its URL. */
  async queue(Attributes: Record<string, string> = {}, QueueName = this.name()): Promise<string> {
    const { QueueUrl = '' } = await this.sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    this.#cleanups.push(() => this.sqs.send(new DeleteQueueCommand({ QueueUrl })));
    return QueueUrl;
  }

  async queueArn(QueueUrl: string): Promise<string> {
    return (await this.attributes(QueueUrl)).QueueArn ?? '';
  }

  async attributes(QueueUrl: string): Promise<Partial<Record<string, string>>> {
    const request = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
    return (await this.sqs.send(request)).Attributes ?? {};
  }

  /** A queue whose messages go to another one when they were received `maxReceiveCount` times. */
  async queueWithDeadLetters(maxReceiveCount: number, more: Record<string, string> = {}) {
    const deadLetters = await this.queue();
    const policy = { deadLetterTargetArn: await this.queueArn(deadLetters), maxReceiveCount };
    return { deadLetters, queue: await this.queue({ RedrivePolicy: JSON.stringify(policy), ...more }) };
  }

  send(QueueUrl: string, MessageBody: string, more: Partial<SendMessageCommandInput> = {}) {
    return this.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
  }

  /** What a receive answers; waits up to 2 s for the first message. */
  async receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
    const request = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2, ...more };
    return (await this.sqs.send(new ReceiveMessageCommand(request))).Messages ?? [];
  }

  /** The first message that comes. */
  async one(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message> {
    const [message] = await this.receive(QueueUrl, { MaxNumberOfMessages: 1, ...more });
    if (message === undefined) throw new Error('No message came within 2 s.');
    return message;
  }

  async topic(Attributes: Record<string, string> = {}): Promise<string> {
    const { TopicArn = '' } = await this.sns.send(new CreateTopicCommand({ Name: this.name(), Attributes }));
    this.#cleanups.push(() => this.sns.send(new DeleteTopicCommand({ TopicArn })));
    return TopicArn;
  }

  /** A queue to which a topic may send. */
  async queueBehind(topicArn: string): Promise<{ queue: string; queueArn: string }> {
    const QueueName = this.name();
    const [, , , region, account] = topicArn.split(':');
    const queueArn = `arn:aws:sqs:${region}:${account}:${QueueName}`;
    const statement = {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queueArn,
      Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    return { queue: await this.queue({ Policy }, QueueName), queueArn };
  }

  /** A queue that is subscribed to a topic. */
  async subscribed(topicArn: string, Attributes: Record<string, string> = {}) {
    const { queue, queueArn } = await this.queueBehind(topicArn);
    const subscriptionArn = await this.subscribe(topicArn, queueArn, Attributes);
    return { queue, queueArn, subscriptionArn };
  }

  /** Subscribes a queue to a topic, and answers the subscription's ARN. */
  async subscribe(
    TopicArn: string,
    queueArn: string,
    Attributes: Record<string, string> = {},
  ): Promise<string> {
    const request = {
      TopicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      Attributes,
      ReturnSubscriptionArn: true,
    };
    return (await this.sns.send(new SubscribeCommand(request))).SubscriptionArn ?? '';
  }

  publish(TopicArn: string, Message: string, more: Partial<PublishCommandInput> = {}) {
    return this.sns.send(new PublishCommand({ TopicArn, Message, ...more }));
  }

  /** A table with the key `id`, and an index on `kind` sorted by `at`. */
  async table(): Promise<string> {
    const TableName = this.name();
    await this.dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'kind', AttributeType: 'S' },
          { AttributeName: 'at', AttributeType: 'S' },
        ],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byKind',
            KeySchema: [
              { AttributeName: 'kind', KeyType: 'HASH' },
              { AttributeName: 'at', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      }),
    );
    this.#cleanups.push(() => this.dynamodb.send(new DeleteTableCommand({ TableName })));
    const { waitUntilTableExists } = await import('@aws-sdk/client-dynamodb');
    await waitUntilTableExists({ client: this.dynamodb, maxWaitTime: 60, minDelay: 0.05 }, { TableName });
    return TableName;
  }

  async bucket(): Promise<string> {
    const Bucket = this.name();
    await this.s3.send(new CreateBucketCommand({ Bucket }));
    this.#cleanups.push(async () => {
      const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket }));
      for (const { Key } of Contents) await this.s3.send(new DeleteObjectCommand({ Bucket, Key }));
      await this.s3.send(new DeleteBucketCommand({ Bucket }));
    });
    return Bucket;
  }

  async scheduleGroup(): Promise<string> {
    const Name = this.name();
    await this.scheduler.send(new CreateScheduleGroupCommand({ Name }));
    this.#cleanups.push(() => this.scheduler.send(new DeleteScheduleGroupCommand({ Name })));
    return Name;
  }

  /** The queue of a function that event source mappings feed, and the queue it reports to: see `hosts.ts`. */
  consumer(name: string) {
    return this.#hosts.consumer(name);
  }

  /** The state of an alarm after these datapoints: see `hosts.ts`. */
  alarmState(trial: AlarmTrial) {
    return this.#hosts.alarmState(trial);
  }

  /** A request in a protocol that today's SDK does not speak, signed. */
  async request(service: 'sqs' | 'sns', { path = '/', headers, body }: RawRequest): Promise<Response> {
    const { url, region } = this.endpoint;
    const credentials = await this.sqs.config.credentials();
    const target = new URL(path, url ?? `https://${service}.${region}.amazonaws.com`);
    const unsigned = { method: 'POST' as const, url: target, headers, body };
    const signed = signedHeaders(unsigned, { service, region, credentials, now: new Date() });
    return fetch(target, { method: 'POST', headers: signed, body });
  }

  /** A request of the Query protocol. */
  query(service: 'sqs' | 'sns', parameters: Record<string, string>, path = '/'): Promise<Response> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.request(service, { path, headers, body: new URLSearchParams(parameters).toString() });
  }

  /** Removes what was made, the newest first. */
  async dispose(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup().catch(() => undefined);
    for (const client of [this.sqs, this.sns, this.dynamodb, this.s3, this.scheduler]) client.destroy();
  }
}

interface RawRequest {
  readonly path?: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A String attribute. */
export function text(StringValue: string): MessageAttributeValue {
  return { DataType: 'String', StringValue };
}
