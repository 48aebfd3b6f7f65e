import type { Message, SQSClient, SQSClientConfig } from '@aws-sdk/client-sqs';
import { type DeadLetterReason, reasonAttribute } from '../runtime/deadLetter.ts';
import { readMessage } from '../runtime/message.ts';
import { isOlderReason } from '../runtime/olderReason.ts';
import type { FailureReason } from '../status/jobStatus.ts';
import { sqsRecord } from '../worker/sqsRecord.ts';

/** Looks for jobs among the dead letters. */
export interface DeadLetters {
  /** Why a job is dead, if it is found; a look is a sample where there are many letters. */
  reasonOf(jobName: string, jobId: string): Promise<FailureReason | undefined>;
}

/**
 * The dead-letter queues of a platform, `<platform>-<jobName>-dead-letters`. A queue is looked at at most once in ten
 * seconds, whoever asks, and not at all while it is empty: a letter that is received again and again drops out of the age
 * that the alarm looks at. The SDK is loaded on first use.
 */
export function sqsDeadLetters(
  platform: string,
  { config = {}, now = Date.now }: { readonly config?: SQSClientConfig; readonly now?: () => number } = {},
): DeadLetters {
  const looks = new Map<string, Look>();
  let loading: Promise<LoadedSdk> | undefined;

  return {
    async reasonOf(jobName, jobId) {
      const newest = looks.get(jobName);
      if (newest !== undefined && now() - newest.atMs < lookIntervalMs)
        return (await newest.reasons).get(jobId);
      loading ??= loadSdk(config);
      const reasons = look(`${platform}-${jobName}-dead-letters`, await loading);
      looks.set(jobName, { atMs: now(), reasons });
      return (await reasons).get(jobId);
    },
  };
}

/** The letters that one look found: why, by job ID. */
interface Look {
  readonly atMs: number;
  readonly reasons: Promise<ReadonlyMap<string, FailureReason>>;
}

const lookIntervalMs = 10_000;

interface LoadedSdk {
  readonly sdk: typeof import('@aws-sdk/client-sqs');
  readonly client: SQSClient;
}

async function loadSdk(config: SQSClientConfig): Promise<LoadedSdk> {
  const sdk = await import('@aws-sdk/client-sqs');
  return { sdk, client: new sdk.SQSClient(config) };
}

/** SQS has no cursor: a look ends when a call brings nothing new. */
async function look(QueueName: string, { sdk, client }: LoadedSdk): Promise<Map<string, FailureReason>> {
  const reasons = new Map<string, FailureReason>();
  const { QueueUrl } = await client.send(new sdk.GetQueueUrlCommand({ QueueName }));
  const { Attributes } = await client.send(
    new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  if (Attributes?.ApproximateNumberOfMessages === '0') return reasons;
  for (let call = 1; call <= maxCalls; call += 1) {
    const known = reasons.size;
    const { Messages = [] } = await client.send(
      new sdk.ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount', 'DeadLetterQueueSourceArn'],
      }),
    );
    for (const message of Messages) reasons.set(readMessage(sqsRecord(message)).jobId, reasonIn(message));
    if (reasons.size === known) break;
  }
  return reasons;
}

const maxCalls = 5;

/** The runtime's own; SQS's redrive policy moves a message as it is. */
function reasonIn({ MessageAttributes, Attributes = {} }: Message): FailureReason {
  try {
    const { name, message, lastFailureAt } = JSON.parse(
      MessageAttributes?.[reasonAttribute]?.StringValue ?? '',
    ) as Partial<DeadLetterReason>;
    if (typeof name !== 'string' || typeof message !== 'string') return lostWithoutReason;
    const arrival = {
      sentAtMs: Number(Attributes.SentTimestamp),
      receiveCount: Number(Attributes.ApproximateReceiveCount),
      sourceArn: Attributes.DeadLetterQueueSourceArn,
    };
    return isOlderReason(lastFailureAt ?? '', arrival) ? lostWithoutReason : { name, message };
  } catch {
    return lostWithoutReason; // without a reason, or with somebody else's
  }
}

const lostWithoutReason: FailureReason = {
  name: 'LostAttemptError',
  message:
    'SQS moved the message to the dead-letter queue because no attempt ended with an outcome: the job does not load, or it crashes each time',
};
