import { GetQueueAttributesCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { MessageLogger } from '../runtime/log.ts';
import { configFor } from './connection.ts';
import { WorkerSetupError } from './errors.ts';

/** What SQS says about a job's queue, before anything is received from it. */
interface QueueFacts {
  readonly visibilityTimeoutSeconds: number | undefined;
  /** The queue to which the redrive policy moves messages. Undefined where there is no redrive policy. */
  readonly deadLetterQueueUrl: string | undefined;
}

/**
 * Asks SQS about a queue. When SQS does not answer, nothing is known, and the worker starts all the same.
 * @throws {WorkerSetupError} when waiting would not help: there are no credentials, the queue does not exist, or the
 *   Region is
 *   wrong
 */
export async function queueFacts(
  queueUrl: string,
  logger: MessageLogger,
  config: SQSClientConfig = {},
): Promise<QueueFacts> {
  if (!URL.canParse(queueUrl)) {
    throw new WorkerSetupError(`'${queueUrl}' is no queue URL: it starts with https://`);
  }
  const client = new SQSClient(configFor(queueUrl, config));
  try {
    await assertRegion(client, queueUrl);
    const credentials = client.config.credentials();
    await credentials.catch((cause: Error) => {
      throw new WorkerSetupError(
        `no AWS credentials: ${oneLine(cause)}. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role`,
        { cause },
      );
    });
    return await askedFacts(client, queueUrl, logger);
  } finally {
    client.destroy();
  }
}

/** Checks that the queue is in the AWS Region of the environment. SQS's own error would be hard to understand. */
async function assertRegion(client: SQSClient, queueUrl: string): Promise<void> {
  const region = await client.config.region().catch((cause: Error) => {
    throw new WorkerSetupError('no AWS Region: set AWS_REGION to the one of the queue', { cause });
  });
  const [, ofQueue] =
    /^(?:sqs(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws|api)\.|([a-z0-9-]+)\.queue\.amazonaws\.)/
      .exec(new URL(queueUrl).hostname)
      ?.filter((group) => group !== undefined) ?? [];
  if (ofQueue !== undefined && ofQueue !== region) {
    throw new WorkerSetupError(
      `the queue ${queueUrl} is in ${ofQueue}, but the AWS Region here is ${region}: set AWS_REGION=${ofQueue}`,
    );
  }
}

async function askedFacts(client: SQSClient, queueUrl: string, logger: MessageLogger): Promise<QueueFacts> {
  try {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ['VisibilityTimeout', 'RedrivePolicy'],
      }),
      { abortSignal: AbortSignal.timeout(10_000) },
    );
    const { VisibilityTimeout, RedrivePolicy } = Attributes;
    return {
      visibilityTimeoutSeconds: VisibilityTimeout === undefined ? undefined : Number(VisibilityTimeout),
      deadLetterQueueUrl: RedrivePolicy === undefined ? undefined : besides(queueUrl, RedrivePolicy),
    };
  } catch (error) {
    if (isRefusal(error)) throw new WorkerSetupError(refusalText(error, queueUrl), { cause: error });
    logger.warn('SQS does not answer yet; the worker starts all the same', { error: error as Error });
    return { visibilityTimeoutSeconds: undefined, deadLetterQueueUrl: undefined };
  }
}

/** The URL of a dead-letter queue, which is in the account and the Region of its queue. */
function besides(queueUrl: string, redrivePolicy: string): string {
  const { deadLetterTargetArn = '' } = JSON.parse(redrivePolicy) as { deadLetterTargetArn?: string };
  return queueUrl.replace(/[^/]+$/, deadLetterTargetArn.replace(/^.*:/, ''));
}

/** Whether SQS refused the call (HTTP 4xx), and not because of throttling. */
function isRefusal(error: unknown): error is Error & { $metadata: { httpStatusCode: number } } {
  const { httpStatusCode = 0 } =
    (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata ?? {};
  const isThrottling = httpStatusCode === 429 || /Throttl/.test((error as Error).name);
  return error instanceof Error && httpStatusCode >= 400 && httpStatusCode < 500 && !isThrottling;
}

function refusalText(error: Error, queueUrl: string): string {
  if (/NonExistentQueue|QueueDoesNotExist/.test(error.name)) {
    return `there is no queue ${queueUrl}: check its name, its account and the Region, or deploy the stack first`;
  }
  return `SQS refuses the queue ${queueUrl}: ${oneLine(error)}. Check the credentials and their permissions (sqs:GetQueueAttributes, ReceiveMessage, DeleteMessage, ChangeMessageVisibility)`;
}

function oneLine({ name, message }: Error): string {
  return `${name}: ${message.replace(/\s+/g, ' ')}`;
}
