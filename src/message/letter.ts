import type { SQSMessageAttributes } from 'aws-lambda';
import { type MessageAttribute, maxAttributes } from './limits.ts';
import { attemptsMadeAttribute, type JobMessage } from './received.ts';

/** A message as SQS's SendMessage takes it. */
export interface Letter {
  readonly MessageBody: string;
  readonly MessageAttributes: Record<string, MessageAttribute>;
  /** The group by which SQS's fair queues share a queue out. */
  readonly MessageGroupId?: string | undefined;
  /** Seconds until it can be received, at most 900. Default 0. */
  readonly DelaySeconds?: number;
}

/**
 * A message to send once more: its body unchanged, with one attribute added or replaced. A message that has SQS's
 * messageId as its jobId also gets the attribute `jobId`, because a new message has a new messageId. The size is not
 * checked here: SQS refuses more than 1 MiB, and the send then fails.
 * @throws {RangeError} when the message has no room for one more attribute
 */
export function letterOf({ record, jobId }: JobMessage, name: string, value: string): Letter {
  const { [attemptsMadeAttribute]: _, ...attributes } = attributesOf(record.messageAttributes);
  attributes[name] = text(value);
  const count = Object.keys(attributes).length;
  if (count > maxAttributes) throw new RangeError(`no room for ${name} in ${maxAttributes} attributes`);
  if (attributes.jobId || (count < maxAttributes && jobId === record.messageId)) {
    attributes.jobId = text(jobId);
  }
  return {
    MessageBody: record.body,
    MessageAttributes: attributes,
    MessageGroupId: record.attributes?.MessageGroupId,
  };
}

/**
 * A copy of a message for its own queue. It has the jobId, and the number of attempts before this delivery, which does
 * not count.
 * @param delaySeconds until the copy can be received, at most 900
 * @throws {RangeError} when the message has no room for these attributes, or was copied too often
 */
export function messageCopy(message: JobMessage, delaySeconds: number): Letter {
  const { record, receiveCount, jobId } = message;
  const [, , copies = '0'] = record.messageAttributes?.[attemptsMadeAttribute]?.stringValue?.split('@') ?? [];
  if (Number(copies) >= maxCopies)
    throw new RangeError(`sent again ${copies} times: Lambda ends longer loops`);
  const made = `${receiveCount - 1}@${Date.now()}@${Number(copies) + 1}`;
  const letter = letterOf(message, attemptsMadeAttribute, made);
  const keepsId = jobId !== record.messageId || 'jobId' in letter.MessageAttributes;
  if (!keepsId) throw new RangeError(`no room for its jobId in ${maxAttributes} attributes`);
  return { ...letter, DelaySeconds: delaySeconds };
}

/**
 * How often a message is copied at most. Lambda stops a function that has sent the message that it gets about 16 times
 * in a row.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
const maxCopies = 12;

function attributesOf(given: SQSMessageAttributes = {}): Record<string, MessageAttribute> {
  return Object.fromEntries(
    Object.entries(given).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        DataType: dataType,
        StringValue: stringValue,
        BinaryValue: binaryValue ? Buffer.from(binaryValue, 'base64') : undefined,
      },
    ]),
  );
}

function text(StringValue: string): MessageAttribute {
  return { DataType: 'String', StringValue };
}
