import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { localCredentials } from '../../../local/aws/isolatedAws.ts';

/** A real topic on real sockets, and a queue that gets everything published to it. */
export interface TestTopic {
  readonly endpoint: string;
  readonly topicArn: string;
  readonly queueUrl: string;
  readonly sns: SNSClient;
  /** Waits until `count` messages have arrived, in any order: the envelopes that SNS delivers. */
  receive(count: number): Promise<Envelope[]>;
  close(): Promise<void>;
}

export interface Envelope {
  readonly MessageId: string;
  readonly Message: string;
  readonly MessageAttributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

export async function startTopic(): Promise<TestTopic> {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const config = {
    endpoint,
    region: 'us-east-1',
    credentials: localCredentials,
  };
  const sns = new SNSClient(config);
  const sqs = new SQSClient(config);
  const { TopicArn: topicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'jobs-test' }));
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'jobs-test-all' }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  await sns.send(
    new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }),
  );

  return {
    endpoint,
    topicArn,
    queueUrl,
    sns,
    receive: (count) => receiveAll(sqs, queueUrl, count),
    async close() {
      sns.destroy();
      sqs.destroy();
      await app.close();
    },
  };
}

async function receiveAll(sqs: SQSClient, queueUrl: string, count: number): Promise<Envelope[]> {
  const envelopes: Envelope[] = [];
  const deadline = Date.now() + 20_000;
  while (envelopes.length < count) {
    if (Date.now() > deadline) throw new Error(`only ${envelopes.length} of ${count} messages arrived`);
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    if (Messages.length === 0) continue;
    envelopes.push(...Messages.map(({ Body = '' }) => JSON.parse(Body) as Envelope));
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
  return envelopes;
}
