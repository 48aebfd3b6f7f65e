import type { Message, SQSClient, SQSClientConfig } from '@aws-sdk/client-sqs';
import type { FailureReason } from '../job/jobStatus.ts';
import { readReason, reasonAttribute } from '../message/deadLetterReason.ts';
import { maxBatchEntries } from '../message/limits.ts';
import { readMessage } from '../message/received.ts';
import { sqsRecord } from '../message/sqsRecord.ts';
import { platformNames } from '../names.ts';

/** The dead letters of a platform's jobs. */
export interface DeadLetters {
  /** About how many dead letters a job has. It receives none of them. */
  count(jobName: string): Promise<number>;
  /** Why jobs are dead, by their IDs. It receives each of `count` letters once, or the first 50 of more. */
  look(jobName: string, count: number): Promise<ReadonlyMap<string, FailureReason>>;
}

/** The dead letters in SQS. The SDK is loaded on first use. */
export function sqsDeadLetters(platform: string, config: SQSClientConfig = {}): DeadLetters {
  let loading: Promise<LoadedSdk> | undefined;

  async function queueOf(jobName: string): Promise<LoadedSdk & { readonly QueueUrl: string | undefined }> {
    loading ??= loadSdk(config);
    const { sdk, client } = await loading;
    const QueueName = platformNames(platform).ofJob(jobName).deadLetterQueue;
    const { QueueUrl } = await client.send(new sdk.GetQueueUrlCommand({ QueueName }));
    return { sdk, client, QueueUrl };
  }

  return {
    async count(jobName) {
      const { sdk, client, QueueUrl } = await queueOf(jobName);
      const AttributeNames = [...counts];
      const { Attributes } = await client.send(
        new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames }),
      );
      return counts.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
    },

    async look(jobName, count) {
      const { sdk, client, QueueUrl } = await queueOf(jobName);
      const reasons = new Map<string, FailureReason>();
      for (let seen = 0, calls = 1; seen < count && calls <= maxCalls; calls += 1) {
        const { Messages = [] } = await client.send(
          new sdk.ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: maxBatchEntries,
            VisibilityTimeout: lookSeconds,
            WaitTimeSeconds: 1, // asks all servers of SQS; a letter comes at once
            MessageAttributeNames: ['All'],
            MessageSystemAttributeNames: [...arrivalAttributes],
          }),
        );
        for (const message of Messages) reasons.set(readMessage(sqsRecord(message)).jobId, reasonIn(message));
        seen += Messages.length;
        if (Messages.length === 0) break;
      }
      return reasons;
    },
  };
}

interface LoadedSdk {
  readonly sdk: typeof import('@aws-sdk/client-sqs');
  readonly client: SQSClient;
}

async function loadSdk(config: SQSClientConfig): Promise<LoadedSdk> {
  const sdk = await import('@aws-sdk/client-sqs');
  return { sdk, client: new sdk.SQSClient(config) };
}

const counts = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
const arrivalAttributes = ['SentTimestamp', 'ApproximateReceiveCount', 'DeadLetterQueueSourceArn'] as const;

const maxCalls = 5;

/**
 * How long a received letter stays invisible, so that the next call brings others.
 * It is short, so that nobody else misses it.
 */
const lookSeconds = 2;

/** The reason in a letter. A letter without a reason of the runtime was moved by SQS. */
function reasonIn({ MessageAttributes, Attributes = {} }: Message): FailureReason {
  const { reason } = readReason(MessageAttributes?.[reasonAttribute]?.StringValue, {
    sentAtMs: Number(Attributes.SentTimestamp),
    receiveCount: Number(Attributes.ApproximateReceiveCount),
    sourceArn: Attributes.DeadLetterQueueSourceArn,
  });
  return typeof reason === 'string' ? lostWithoutReason : { name: reason.name, message: reason.message };
}

const lostWithoutReason: FailureReason = {
  name: 'LostAttemptError',
  message:
    'SQS moved the message to the dead-letter queue because no attempt ended with an outcome: the job does not load, or it crashes each time',
};
