import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { reasonAttribute } from '../../src/runtime/deadLetter.ts';
import { envelopeOf } from './envelope.ts';
import type { Letter } from './letter.ts';

/** A message as it leaves a dead-letter queue. */
export interface Outgoing {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly group: string | undefined;
}

/**
 * The message that died: the same body and attributes, without the reason. Where its ID was SQS's own, which the new
 * message will not have, it goes along as the attribute `jobId`, as the runtime does it.
 */
export function outgoing({ body, attributes, jobId, messageId, group }: Letter): Outgoing {
  const { [reasonAttribute]: _reason, ...kept } = attributes;
  const needsId = jobId === messageId && envelopeOf(body) === undefined;
  const hasRoom = Object.keys(kept).length < maxAttributes;
  const id = needsId && hasRoom ? { jobId: { DataType: 'String', StringValue: jobId } } : {};
  return { body, attributes: { ...kept, ...id }, group };
}

/** What SQS counts into the 1 MiB of a message and of a batch. */
export function bytesOf({ body, attributes }: Outgoing): number {
  return Object.entries(attributes)
    .map(
      ([name, { DataType = '', StringValue = '', BinaryValue }]) =>
        Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0),
    )
    .reduce((sum, bytes) => sum + bytes, Buffer.byteLength(body));
}

/** SQS's number of attributes for a message. */
const maxAttributes = 10;
