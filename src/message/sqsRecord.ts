import type { SQSMessageAttribute, SQSRecord } from 'aws-lambda';

/** A message as SQS's ReceiveMessage gives it. */
export interface ReceivedMessage {
  readonly MessageId?: string | undefined;
  readonly ReceiptHandle?: string | undefined;
  readonly Body?: string | undefined;
  readonly MD5OfBody?: string | undefined;
  readonly MD5OfMessageAttributes?: string | undefined;
  /** The system attributes. */
  readonly Attributes?: Readonly<Record<string, string>> | undefined;
  readonly MessageAttributes?: Readonly<Record<string, ReceivedAttribute>> | undefined;
}

interface ReceivedAttribute {
  readonly DataType?: string | undefined;
  readonly StringValue?: string | undefined;
  /** The bytes, as the SDK decodes them, or base64, as SQS sends them. */
  readonly BinaryValue?: Uint8Array | string | undefined;
}

/** The system attributes to ask SQS for. */
export const systemAttributes = [
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'SentTimestamp',
  'MessageGroupId',
] as const;

/** Makes a record of a received message, as Lambda's event source mapping does, so that the same code runs both. */
export function sqsRecord(
  { MessageId = '', ReceiptHandle = '', Body = '', MD5OfBody = '', ...message }: ReceivedMessage,
  { queueArn = '', region = '' } = {},
): SQSRecord {
  const { Attributes, MessageAttributes, MD5OfMessageAttributes: md5OfMessageAttributes } = message;
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: { ...noAttributes, ...Attributes },
    messageAttributes: MessageAttributes ? recordAttributes(MessageAttributes) : {},
    md5OfBody: MD5OfBody,
    ...(md5OfMessageAttributes && { md5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

function recordAttributes(
  given: Readonly<Record<string, ReceivedAttribute>>,
): Record<string, SQSMessageAttribute> {
  return Object.fromEntries(
    Object.entries(given).map(([name, { DataType = 'String', StringValue, BinaryValue }]) => [
      name,
      {
        ...(StringValue === undefined ? {} : { stringValue: StringValue }),
        ...(BinaryValue === undefined ? {} : { binaryValue: base64(BinaryValue) }),
        stringListValues: [],
        binaryListValues: [],
        dataType: DataType,
      },
    ]),
  );
}

function base64(value: Uint8Array | string): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('base64');
}

const noAttributes = {
  ApproximateReceiveCount: '1',
  ApproximateFirstReceiveTimestamp: '',
  SentTimestamp: '',
  SenderId: '',
};
