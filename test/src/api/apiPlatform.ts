import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type Engine, startEngine } from '../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../local/aws/isolatedAws.ts';

const region = 'us-east-1';
const platform = 'jobs-dev';
export const statusTable = `${platform}-status`;
export const filesBucket = 'jobs-dev-files';

/** What the API needs of AWS, on real sockets: a topic and GreetingJob's queues, the status table, the files bucket. */
export interface ApiPlatform {
  readonly engine: Engine;
  /** As an AWS client takes it. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** What the stack and the local platform set for the API's function. */
  readonly environment: Record<string, string>;
  readonly s3: S3Client;
  stop(): Promise<void>;
}

export async function startApiPlatform(): Promise<ApiPlatform> {
  const engine = await startEngine({ port: 0, region, speed: 1 });
  const clientConfig = { endpoint: engine.endpoint, region, credentials };
  const s3 = new S3Client({ ...clientConfig, forcePathStyle: true });
  await engine.sns('CreateTopic', { Name: platform });
  for (const QueueName of [`${platform}-GreetingJob`, `${platform}-GreetingJob-dead-letters`]) {
    await engine.sqs('CreateQueue', { QueueName });
  }
  await engine.sns('Subscribe', {
    TopicArn: engine.topicArn(platform),
    Protocol: 'sqs',
    Endpoint: engine.queueArn(`${platform}-GreetingJob`),
    Attributes: { FilterPolicy: JSON.stringify({ jobName: ['GreetingJob'] }) },
  });
  await createStatusTable(engine, statusTable);
  await s3.send(new CreateBucketCommand({ Bucket: filesBucket }));
  return {
    engine,
    clientConfig,
    s3,
    environment: {
      AWS_ENDPOINT_URL: engine.endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      JOB_TOPIC_ARN: engine.topicArn(platform),
      JOB_STATUS_TABLE: statusTable,
      JOB_FILES_BUCKET: filesBucket,
      JOB_PLATFORM: platform,
      POWERTOOLS_LOG_LEVEL: 'SILENT',
    },
    async stop() {
      s3.destroy();
      await engine.stop();
    },
  };
}

export async function createStatusTable(engine: Engine, TableName: string): Promise<void> {
  await engine.dynamo('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['jobId', 'listKey', 'createdAt'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [{ AttributeName: 'jobId', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byJob',
        KeySchema: [
          { AttributeName: 'listKey', KeyType: 'HASH' },
          { AttributeName: 'createdAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
}
