import { setTimeout as sleep } from 'node:timers/promises';
import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Platform } from '../../local/platform/platform.ts';
import { randomNumbers } from '../random.ts';

/**
 * Delivers some messages a second time while they run, as SQS does now and then: one that is being worked on for the
 * first time becomes visible again.
 */
export async function redeliverSome(
  queueName: string,
  { platform, sqs, seed, signal }: { platform: Platform; sqs: SQSClient; seed: number; signal: AbortSignal },
): Promise<void> {
  const random = randomNumbers(seed);
  while (!signal.aborted) {
    const queue = await platform.inspectQueue(queueName);
    const chosen = (queue?.notVisible ?? []).filter(
      ({ receiveCount }) => receiveCount === 1 && random() < share,
    );
    await Promise.all(
      chosen.map(({ receiptHandle }) => {
        const input = { QueueUrl: queue?.url, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 };
        return sqs.send(new ChangeMessageVisibilityCommand(input)).catch(() => undefined); // done meanwhile
      }),
    );
    await sleep(100);
  }
}

/** Of the messages in flight at each look, which comes ten times a second. */
const share = 0.1;
