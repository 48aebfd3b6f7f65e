import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { SQSMessageAttribute, SQSRecord } from 'aws-lambda';

/** The system attributes that a record needs. */
export const systemAttributes = [
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'SentTimestamp',
  'MessageGroupId',
] as const;

/** A received message as Lambda's event source mapping would hand it over: what follows is the same code for both. */
export function sqsRecord(message: Message): SQSRecord {
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: { ...noAttributes, ...message.Attributes },
    messageAttributes: message.MessageAttributes ? recordAttributes(message.MessageAttributes) : {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: '',
  };
}

function recordAttributes(given: Record<string, MessageAttributeValue>): Record<string, SQSMessageAttribute> {
  return Object.fromEntries(
    Object.entries(given).map(([name, { DataType = 'String', StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType,
        ...(StringValue === undefined ? {} : { stringValue: StringValue }),
        ...(BinaryValue === undefined ? {} : { binaryValue: base64(BinaryValue) }),
      },
    ]),
  );
}

/** As it came over the wire, or decoded by the SDK. */
function base64(value: Uint8Array | string): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('base64');
}

const noAttributes = {
  ApproximateReceiveCount: '1',
  ApproximateFirstReceiveTimestamp: '',
  SentTimestamp: '',
  SenderId: '',
};
