import type { Message } from '@aws-sdk/client-sqs';
import { type Death, readReason, reasonAttribute } from '../../src/message/deadLetterReason.ts';
import type { MessageAttributes } from '../../src/message/limits.ts';
import { type JobMessage, readMessage, unreadable } from '../../src/message/received.ts';
import { type ScheduledPublish, unpublished } from '../../src/message/scheduledPublish.ts';
import { sqsRecord } from '../../src/message/sqsRecord.ts';
import type { OffloadedPayload } from './offloadedPayloads.ts';

/** A message that was received from a dead-letter queue, and why it is there. */
export interface Letter extends Death {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** The job's ID, read as the runtime reads it; redrives keep it. */
  readonly jobId: string;
  readonly payload: JobMessage['payload'];
  readonly body: string;
  readonly attributes: MessageAttributes;
  /** When the message was sent, in epoch ms. A move by SQS's redrive policy does not change it. */
  readonly sentAtMs: number;
  readonly receiveCount: number;
  /** Epoch ms by SQS's clock; undefined when the receive call did not ask for it. */
  readonly firstReceivedAtMs: number | undefined;
  /** The `MessageGroupId`, for fair queues. */
  readonly group: string | undefined;
  /** What a schedule should have published, in a letter from EventBridge Scheduler. */
  readonly scheduled?: ScheduledPublish;
}

/** Never throws, so that any message can be shown, moved and discarded. */
export function readLetter(message: Message): Letter {
  const { MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, MessageAttributes = {} } = message;
  const { SentTimestamp = '0', ApproximateReceiveCount = '1', MessageGroupId } = Attributes;
  const { DeadLetterQueueSourceArn: sourceArn, ApproximateFirstReceiveTimestamp: firstReceived } = Attributes;
  const [sentAtMs, receiveCount] = [Number(SentTimestamp), Number(ApproximateReceiveCount)];
  const scheduled = unpublished(Body, MessageAttributes);
  const published = scheduled && { Body: scheduled.body, MessageAttributes: scheduled.attributes };
  const { jobId, payload } = readMessage(sqsRecord({ ...message, ...published }));
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    jobId,
    payload,
    ...readReason(MessageAttributes[reasonAttribute]?.StringValue, { sentAtMs, receiveCount, sourceArn }),
    body: Body,
    attributes: MessageAttributes,
    sentAtMs,
    receiveCount,
    firstReceivedAtMs: firstReceived === undefined ? undefined : Number(firstReceived),
    group: scheduled?.group ?? MessageGroupId,
    ...(scheduled && { scheduled }),
  };
}

/** When a letter died, in epoch ms: its last failure; without a reason, when it was sent. */
export function diedAtMs({ reason, sentAtMs }: Letter): number {
  return typeof reason === 'string' ? sentAtMs : Date.parse(reason.lastFailureAt);
}

/** The name of the error, as given to `--error`; undefined for a letter without a reason. */
export function errorName({ reason }: Letter): string | undefined {
  return typeof reason === 'string' ? undefined : reason.name;
}

/**
 * A letter as `--json` and `export` print it: plain data from which it can be published again.
 * - `reason` is null when there is none. `olderReason` then holds the reason of an earlier death, if any, and `reasonText` the
 *   attribute's text, if that cannot be read.
 * - `payload` is left out when the body is not JSON. A payload that was read from S3 replaces its pointer; `payloadUrl` says
 *   where it is, and `payloadProblem` why it was not read.
 */
export function letterJson(name: string, letter: Letter, offloaded?: OffloadedPayload): object {
  const { jobId, messageId, payload, reason, olderReason, body, attributes, sentAtMs, receiveCount } = letter;
  return {
    queue: name,
    jobId,
    messageId,
    sentAt: new Date(sentAtMs).toISOString(),
    receiveCount,
    reason: typeof reason === 'string' ? null : reason,
    ...(olderReason && { olderReason }),
    ...(reason === 'malformed' && { reasonText: attributes[reasonAttribute]?.StringValue ?? '' }),
    ...(payload !== unreadable && { payload }),
    ...(offloaded && offloadedJson(offloaded)),
    attributes: Object.fromEntries(
      Object.entries(attributes)
        .filter(([attribute]) => attribute !== reasonAttribute)
        .map(([attribute, { DataType, StringValue, BinaryValue }]) => [
          attribute,
          {
            type: DataType,
            value: BinaryValue ? Buffer.from(BinaryValue).toString('base64') : StringValue,
          },
        ]),
    ),
    body,
  };
}

function offloadedJson(offloaded: OffloadedPayload): object {
  const { url: payloadUrl } = offloaded;
  if ('problem' in offloaded) return { payloadUrl, payloadProblem: offloaded.problem };
  try {
    return { payloadUrl, payload: JSON.parse(offloaded.text) };
  } catch {
    return { payloadUrl, payloadProblem: 'it is not JSON' };
  }
}
