import { reasonAttribute } from '../../src/message/deadLetterReason.ts';
import {
  attributeBytes,
  type MessageAttributes,
  maxAttributes,
  maxSqsBytes,
} from '../../src/message/limits.ts';
import { attemptsMadeAttribute, envelopeOf } from '../../src/message/received.ts';
import type { Letter } from './letter.ts';

/** A message as it leaves a dead-letter queue. */
export interface Outgoing {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly group: string | undefined;
}

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
  return Buffer.byteLength(body) + attributeBytes(attributes);
}

function hasRoom(message: Outgoing): boolean {
  return Object.keys(message.attributes).length <= maxAttributes && bytesOf(message) <= maxSqsBytes;
}
