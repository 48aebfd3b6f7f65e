import { type Engine, type QueueState, startEngine } from '../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../local/aws/isolatedAws.ts';
import { until } from '../../local/aws/lambda/processes.ts';

const region = 'eu-west-1';

/** A job's queue and its dead-letter queue on an engine of their own. */
export interface TestPlatform {
  readonly engine: Engine;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** What AWS clients find in their environment. */
  readonly environment: Record<string, string>;
  /** As an AWS client takes it. */
  readonly clientConfig: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  /** Sends one body as it is. */
  sendBody(body: string): Promise<void>;
  /** Sends payloads as SNS would deliver them, with IDs `job-0`, `job-1`, … */
  send(payloads: readonly unknown[]): Promise<void>;
  /** The platform's table for idempotent jobs. */
  createTable(): Promise<void>;
  queue(): Promise<QueueState>;
  deadLetters(): Promise<QueueState>;
  stop(): Promise<void>;
}

export interface TestPlatformOptions {
  readonly visibilityTimeoutSeconds?: number;
  readonly maxAttempts?: number;
  readonly port?: number;
  readonly speed?: number;
}

export async function startPlatform({
  visibilityTimeoutSeconds = 30,
  maxAttempts = 5,
  port = 0,
  speed = 1,
}: TestPlatformOptions = {}): Promise<TestPlatform> {
  const engine = await startEngine({ port, region, speed });
  await engine.sqs('CreateQueue', { QueueName: `${queueName}-dead-letters` });
  await engine.sqs('CreateQueue', {
    QueueName: queueName,
    Attributes: {
      VisibilityTimeout: String(visibilityTimeoutSeconds),
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: engine.queueArn(`${queueName}-dead-letters`),
        maxReceiveCount: maxAttempts + 1,
      }),
    },
  });
  const queueUrl = engine.queueUrl(queueName);
  const sendBody = async (MessageBody: string): Promise<void> => {
    await engine.sqs('SendMessage', { QueueUrl: queueUrl, MessageBody });
  };
  let sent = 0;
  return {
    engine,
    queueUrl,
    deadLetterQueueUrl: engine.queueUrl(`${queueName}-dead-letters`),
    environment: {
      PATH: process.env.PATH ?? '',
      AWS_ENDPOINT_URL: engine.endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    clientConfig: { endpoint: engine.endpoint, region, credentials },
    sendBody,
    async send(payloads) {
      for (const payload of payloads) await sendBody(envelope(payload, `job-${sent++}`));
    },
    createTable: () => createTable(engine),
    queue: async () => (await engine.inspectQueue(queueName)) as QueueState,
    deadLetters: async () => (await engine.inspectQueue(`${queueName}-dead-letters`)) as QueueState,
    stop: () => engine.stop(),
  };
}

async function createTable(engine: Engine): Promise<void> {
  await engine.dynamo('CreateTable', {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
  await until(async () => {
    const { Table } = await engine.dynamo('DescribeTable', { TableName: tableName });
    return Table.TableStatus === 'ACTIVE';
  });
}

export const tableName = 'jobs-test-idempotency';
export const queueName = 'jobs-test-TestJob';

/** A message as SNS delivers it. */
export function envelope(payload: unknown, jobId: string): string {
  return JSON.stringify({
    Type: 'Notification',
    MessageId: `envelope-${jobId}`,
    TopicArn: `arn:aws:sns:${region}:000000000000:jobs-test`,
    Message: JSON.stringify(payload),
    Timestamp: '2026-01-01T00:00:00.000Z',
    MessageAttributes: { jobId: { Type: 'String', Value: jobId } },
  });
}
