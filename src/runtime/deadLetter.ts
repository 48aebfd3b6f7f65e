import type { SQSMessageAttributes } from 'aws-lambda';
import type { Origin } from './batch.ts';
import type { JobMessage } from './message.ts';

/** Why a message is a dead letter, packed into one message attribute: SQS allows ten. */
export interface DeadLetterReason extends Origin {
  /** The error's class, such as `TypeError`. */
  readonly name: string;
  readonly message: string;
  /** The innermost frames; cut. */
  readonly stack?: string | undefined;
  /** How often the message was run, counting this time. */
  readonly attempts: number;
  readonly jobName: string;
  readonly jobId: string;
  /** ISO instants; the first is when the first attempt was delivered. */
  readonly firstFailureAt: string;
  readonly lastFailureAt: string;
}

/** The name of the message attribute that holds the reason, as JSON. */
export const reasonAttribute = 'deadLetterReason';

/** A message as SQS's SendMessage takes it. */
export interface DeadLetter {
  readonly MessageBody: string;
  readonly MessageAttributes: Record<string, DeadLetterAttribute>;
}

export interface DeadLetterAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array;
}

/**
 * The message, its body unchanged, with its reason; an older reason (after a redrive) is overwritten.
 * @throws {RangeError} when it has no room for one more attribute: then the queue's redrive policy moves it, without one
 */
export function deadLetter({ record, jobId }: JobMessage, reason: DeadLetterReason): DeadLetter {
  const attributes = attributesOf(record.messageAttributes);
  attributes[reasonAttribute] = { DataType: 'String', StringValue: packed(reason) };
  const count = Object.keys(attributes).length;
  if (count > maxAttributes) throw new RangeError(`no room for the reason in ${maxAttributes} attributes`);
  // Without an envelope the ID would be SQS's messageId, which the dead letter does not keep.
  if (count < maxAttributes && jobId === record.messageId) {
    attributes.jobId = { DataType: 'String', StringValue: jobId };
  }
  return { MessageBody: record.body, MessageAttributes: attributes };
}

function attributesOf(given: SQSMessageAttributes): Record<string, DeadLetterAttribute> {
  return Object.fromEntries(
    Object.entries(given).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        DataType: dataType,
        ...(binaryValue
          ? { BinaryValue: Buffer.from(binaryValue, 'base64') }
          : { StringValue: stringValue ?? '' }),
      },
    ]),
  );
}

/** JSON leaves U+FFFE and U+FFFF as they are, and SQS refuses them: the replacement character stands for both. */
function packed(reason: DeadLetterReason): string {
  return JSON.stringify(reason).replace(/[\uFFFE\uFFFF]/g, '\uFFFD');
}

/** SQS allows ten. It also refuses more than 1 MiB in all, which is its own to say: the send fails then. */
const maxAttributes = 10;
