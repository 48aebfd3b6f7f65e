import { EngineError } from './errors.ts';
import type { MessageAttributes } from './fauxqs.ts';
import { entryPrefixes, messageAttributesOf } from './publishes.ts';
import { checkPublish } from './publishRules.ts';

/** SNS's limit for a message and for a batch together, attributes included. */
const MAX_BATCH_BYTES = 262_144;

/**
 * Refuses what SNS refuses and fauxqs takes: a batch that is too large in all, or that has one entry without a message,
 * or with a message that SNS refuses. As SNS does, all of it: the entries that could be published are not.
 */
export function checkPublishBatch(request: Record<string, string>): void {
  let bytes = 0;
  for (const prefix of entryPrefixes(request)) {
    const message = request[`${prefix}Message`];
    if (!message) throw new EngineError('InvalidParameter', 'Invalid parameter: Empty message');
    checkPublish(request, prefix);
    bytes += Buffer.byteLength(message) + attributeBytes(messageAttributesOf(request, prefix));
  }
  if (bytes > MAX_BATCH_BYTES) {
    throw new EngineError(
      'BatchRequestTooLong',
      `The length of all the messages put together is more than the limit: ${bytes} > ${MAX_BATCH_BYTES} bytes.`,
    );
  }
}

function attributeBytes(attributes: MessageAttributes): number {
  return Object.entries(attributes)
    .flatMap(([name, { DataType, StringValue = '', BinaryValue = '' }]) => [
      name,
      DataType,
      StringValue,
      BinaryValue,
    ])
    .reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
}
