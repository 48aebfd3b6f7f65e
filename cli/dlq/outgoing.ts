import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { reasonAttribute } from '../../src/message/deadLetterReason.ts';
import { attemptsMadeAttribute } from '../../src/message/received.ts';
import { envelopeOf } from './envelope.ts';
import type { Letter } from './letter.ts';

/** A message as it leaves a dead-letter queue. */
export interface Outgoing {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly group: string | undefined;
}

/** SQS's bound, for a message and for a batch. */
export const maxSqsBytes = 1_048_576;

/**
 * The message that died: the same body and attributes, without the reason and without what counts its attempts, which
 * begin again. Where its ID was SQS's own, which the new message will not have, it goes along as the attribute `jobId` if
 * there is room, as the runtime does it.
 */
export function outgoing({ body, attributes, jobId, messageId, group }: Letter): Outgoing {
  const { [reasonAttribute]: _reason, [attemptsMadeAttribute]: _made, ...kept } = attributes;
  const asItWas = { body, attributes: kept, group };
  if (jobId !== messageId || envelopeOf(body) !== undefined) return asItWas;
  const withId = { ...asItWas, attributes: { ...kept, jobId: { DataType: 'String', StringValue: jobId } } };
  return hasRoom(withId) ? withId : asItWas;
}

/** What SQS counts into the bytes of a message and of a batch. */
export function bytesOf({ body, attributes }: Outgoing): number {
  return Object.entries(attributes)
    .map(
      ([name, { DataType = '', StringValue = '', BinaryValue }]) =>
        Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0),
    )
    .reduce((sum, bytes) => sum + bytes, Buffer.byteLength(body));
}

function hasRoom(message: Outgoing): boolean {
  return Object.keys(message.attributes).length <= maxAttributes && bytesOf(message) <= maxSqsBytes;
}

/** SQS's number of attributes for a message. */
const maxAttributes = 10;
