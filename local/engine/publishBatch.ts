import { EngineError } from './errors.ts';
import { entryPrefixes, messageAttributesOf } from './publishes.ts';

/** SNS's limit for a message and for a batch together, attributes included. */
const MAX_BATCH_BYTES = 262_144;

/** Refuses what SNS refuses and fauxqs takes: an entry without a message, and a batch that is too large in all. */
export function checkPublishBatch(request: Record<string, string>): void {
  let bytes = 0;
  for (const prefix of entryPrefixes(request)) {
    const message = request[`${prefix}Message`];
    if (!message) throw new EngineError('InvalidParameter', 'Invalid parameter: Empty message');
    bytes += Buffer.byteLength(message) + attributeBytes(request, prefix);
  }
  if (bytes > MAX_BATCH_BYTES) {
    throw new EngineError(
      'BatchRequestTooLong',
      `The length of all the messages put together is more than the limit: ${bytes} > ${MAX_BATCH_BYTES} bytes.`,
    );
  }
}

function attributeBytes(request: Record<string, string>, prefix: string): number {
  return Object.entries(messageAttributesOf(request, prefix))
    .flatMap(([name, { DataType, StringValue = '', BinaryValue = '' }]) => [
      name,
      DataType,
      StringValue,
      BinaryValue,
    ])
    .reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
}
