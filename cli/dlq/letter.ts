import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { reasonAttribute } from '../../src/message/deadLetterReason.ts';
import { type Arrival, isOlderReason } from '../../src/message/olderReason.ts';
import { type JobMessage, readMessage } from '../../src/message/received.ts';
import { type Reason, reasonOf } from './reason.ts';
import { type ScheduledPublish, scheduledPublish } from './scheduledPublish.ts';

/** A message that was received from a dead-letter queue. */
export interface Letter {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** As the runtime reads it: the job's ID, which redrives keep. */
  readonly jobId: string;
  readonly payload: JobMessage['payload'];
  /** Why it is dead. `missing`: SQS's own redrive policy moved it. `malformed`: the attribute is not the runtime's. */
  readonly reason: Reason | 'missing' | 'malformed';
  /** Why it was dead before: it was redriven with that reason, and SQS's redrive policy moved it here without a new one. */
  readonly olderReason?: Reason;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** Epoch ms; a move by SQS's redrive policy keeps the first one. */
  readonly sentAtMs: number;
  readonly receiveCount: number;
  /** Epoch ms, by SQS's clock; undefined where SQS was not asked. */
  readonly firstReceivedAtMs: number | undefined;
  /** The `MessageGroupId`, for fair queues. */
  readonly group: string | undefined;
  /** What a schedule was to publish, where this is a letter of EventBridge Scheduler. */
  readonly scheduled?: ScheduledPublish;
}

/** Never throws: whatever a message looks like, it can be shown, moved and discarded. */
export function readLetter(message: Message): Letter {
  const { MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, MessageAttributes = {} } = message;
  const { SentTimestamp = '0', ApproximateReceiveCount = '1', MessageGroupId } = Attributes;
  const { DeadLetterQueueSourceArn: sourceArn, ApproximateFirstReceiveTimestamp: firstReceived } = Attributes;
  const [sentAtMs, receiveCount] = [Number(SentTimestamp), Number(ApproximateReceiveCount)];
  const scheduled = scheduledPublish(Body, MessageAttributes);
  const { jobId, payload } = readMessage({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: scheduled?.body ?? Body,
    attributes: {
      ApproximateReceiveCount,
      SentTimestamp,
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '',
    },
    messageAttributes: jobIdAlone(scheduled?.attributes ?? MessageAttributes),
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: '',
  });
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    jobId,
    payload,
    ...reasonsOf(MessageAttributes[reasonAttribute], { sentAtMs, receiveCount, sourceArn }),
    body: Body,
    attributes: MessageAttributes,
    sentAtMs,
    receiveCount,
    firstReceivedAtMs: firstReceived === undefined ? undefined : Number(firstReceived),
    group: scheduled?.group ?? MessageGroupId,
    ...(scheduled && { scheduled }),
  };
}

/** When it died: its last failure, or, without a reason, when it was sent. Epoch ms. */
export function diedAtMs({ reason, sentAtMs }: Letter): number {
  return typeof reason === 'string' ? sentAtMs : Date.parse(reason.lastFailureAt);
}

/** As `--error` names it; undefined for a letter without a reason. */
export function errorName({ reason }: Letter): string | undefined {
  return typeof reason === 'string' ? undefined : reason.name;
}

/** The only attribute that the runtime reads an ID from. */
function jobIdAlone({ jobId }: Readonly<Record<string, MessageAttributeValue>>) {
  if (jobId?.StringValue === undefined) return {};
  return { jobId: { dataType: 'String' as const, stringValue: jobId.StringValue } };
}

function reasonsOf(
  attribute: MessageAttributeValue | undefined,
  arrival: Arrival,
): Pick<Letter, 'reason' | 'olderReason'> {
  if (attribute === undefined) return { reason: 'missing' };
  const reason = reasonOf(attribute.StringValue ?? '');
  if (reason === undefined) return { reason: 'malformed' };
  return isOlderReason(reason.lastFailureAt, arrival)
    ? { reason: 'missing', olderReason: reason }
    : { reason };
}
