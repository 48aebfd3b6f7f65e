import { sqsRecord } from '../../../src/message/sqsRecord.ts';
import type { MessageAttributes } from '../engine/fauxqs.ts';

/** Lambda's limit for the payload of an invocation. */
const MAX_EVENT_BYTES = 6_291_456;

/** A message as ReceiveMessage returns it. */
export interface ReceivedMessage {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes?: Record<string, string>;
  MessageAttributes?: MessageAttributes;
  MD5OfBody: string;
  MD5OfMessageAttributes?: string;
}

export interface Batch {
  messages: ReceivedMessage[];
  /** The SQSEvent as JSON. */
  payload: string;
}

/** The event of a batch; more than one when the messages together exceed an event's 6 MB. */
export function toBatches(messages: ReceivedMessage[], queueArn: string, region: string): Batch[] {
  const batches: { messages: ReceivedMessage[]; records: string[]; bytes: number }[] = [];
  for (const message of messages) {
    const record = JSON.stringify(sqsRecord(message, { queueArn, region }));
    const bytes = Buffer.byteLength(record) + 1;
    let batch = batches.at(-1);
    if (!batch || batch.bytes + bytes > MAX_EVENT_BYTES) {
      batch = { messages: [], records: [], bytes: '{"Records":[]}'.length };
      batches.push(batch);
    }
    batch.messages.push(message);
    batch.records.push(record);
    batch.bytes += bytes;
  }
  return batches.map(({ messages, records }) => ({
    messages,
    payload: `{"Records":[${records.join(',')}]}`,
  }));
}
