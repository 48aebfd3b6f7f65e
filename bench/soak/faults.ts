import { setTimeout as sleep } from 'node:timers/promises';
import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Fault, FaultRequest, Faults } from '../../local/aws/engine/engine.ts';
import type { Platform } from '../../local/platform/platform.ts';
import { randomNumbers } from '../random.ts';

/**
 * A network that disturbs about one request in twelve: it cuts the connection before or after the request is handled,
 * refuses the request, or delays it. Now and then a service has a bad spell, in which most requests fail: more than the
 * SDK's three attempts can make good, so that calls fail for good.
 */
export function networkFaults(seed: number): Faults {
  const random = randomNumbers(seed);
  const badRequestsLeft = { sqs: 0, sns: 0, dynamodb: 0, s3: 0, scheduler: 0 };
  return ({ service }) => {
    if (badRequestsLeft[service] > 0) badRequestsLeft[service] -= 1;
    else if (random() < spell.chance) badRequestsLeft[service] = spell.requests;
    const isBad = badRequestsLeft[service] > 0;
    return fault(random() * (isBad ? spell.health : 1), service, random());
  };
}

const spell = { chance: 1 / 300, requests: 40, health: 0.07 };

function fault(chance: number, service: FaultRequest['service'], severity: number): Fault | undefined {
  if (chance < 0.02) return { kind: 'drop' };
  if (chance < 0.035) return { kind: 'dropAfter' };
  if (chance < 0.045) return { kind: 'error', status: 500, code: 'InternalFailure' };
  if (chance < 0.055) return { kind: 'error', status: 400, code: throttling[service] };
  if (chance < 0.085) return { kind: 'delay', ms: 10 + severity * 200 };
  return undefined;
}

/** The error by which each service refuses too many requests. */
const throttling = {
  sqs: 'RequestThrottled',
  sns: 'Throttling',
  dynamodb: 'ProvisionedThroughputExceededException',
  s3: 'SlowDown',
  scheduler: 'ThrottlingException',
} as const;

/** Delivers some messages a second time while their first attempt runs, as SQS does now and then. */
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
        return sqs.send(new ChangeMessageVisibilityCommand(input)).catch(() => undefined); // the job is done meanwhile
      }),
    );
    await sleep(100);
  }
}

/** Of the messages in flight, ten times a second. */
const share = 0.1;
