import type { SQSMessageAttributes } from 'aws-lambda';
import { type MessageAttribute, maxAttributes } from './limits.ts';
import { attemptsMadeAttribute, type JobMessage } from './received.ts';

/** A message as SQS's SendMessage takes it. */
export interface Letter {
  readonly MessageBody: string;
  readonly MessageAttributes: Record<string, MessageAttribute>;
  /** By which SQS's fair queues know whose it is. */
  readonly MessageGroupId?: string | undefined;
  /** Seconds until it can be received, at most 900. Default 0. */
  readonly DelaySeconds?: number;
}

/**
 * A message once more, its body unchanged, with one attribute added or replaced, and its ID where it would lose that:
 * without an envelope it is SQS's messageId, which a new message does not keep. SQS also refuses more than 1 MiB in all,
 * which is its own to say: the send fails then.
 * @throws {RangeError} when it has no room for one more attribute
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
 * A message for its own queue once more, as if this delivery had not been: with its ID, and the attempts before this one.
 * @param delaySeconds until it can be received, at most 900
 * @throws {RangeError} when its attributes leave no room for them, or it is a copy of too many copies
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
 * A function that has sent the message it gets next for about 16 times in a row gets no more of it.
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
