import type { SQSMessageAttributes } from 'aws-lambda';
import { attemptsMadeAttribute, type JobMessage } from './received.ts';

/** A message as SQS's SendMessage takes it. */
export interface Letter {
  readonly MessageBody: string;
  readonly MessageAttributes: Record<string, LetterAttribute>;
  /** By which SQS's fair queues know whose it is. */
  readonly MessageGroupId?: string | undefined;
  /** Seconds until it can be received, at most 900. Default 0. */
  readonly DelaySeconds?: number;
}

export interface LetterAttribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

/** SQS allows ten. It also refuses more than 1 MiB in all, which is its own to say: the send fails then. */
const maxAttributes = 10;

/**
 * A message once more, its body unchanged, with one attribute added or replaced, and its ID where it would lose that:
 * without an envelope it is SQS's messageId, which a new message does not keep.
 * @throws {RangeError} when it has no room for one more attribute
 */
export function letterOf({ record, jobId }: JobMessage, name: string, value: string): Letter {
  const { [attemptsMadeAttribute]: _, ...attributes } = attributesOf(record.messageAttributes);
  attributes[name] = { DataType: 'String', StringValue: value };
  const count = Object.keys(attributes).length;
  if (count > maxAttributes) throw new RangeError(`no room for ${name} in ${maxAttributes} attributes`);
  if (count < maxAttributes && jobId === record.messageId) {
    attributes.jobId = { DataType: 'String', StringValue: jobId };
  }
  return {
    MessageBody: record.body,
    MessageAttributes: attributes,
    MessageGroupId: record.attributes?.MessageGroupId,
  };
}

function attributesOf(given: SQSMessageAttributes = {}): Record<string, LetterAttribute> {
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
