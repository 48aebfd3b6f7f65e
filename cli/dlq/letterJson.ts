import { reasonAttribute } from '../../src/runtime/deadLetter.ts';
import type { Letter } from './letter.ts';

/**
 * A letter as `--json` and `export` give it: plain data, from which it can be published again. `reason` is null where
 * there is none, or `reasonText` what stands there instead; `payload` is left out where the body is no JSON.
 */
export function letterJson(name: string, letter: Letter): object {
  const { jobId, messageId, payload, reason, body, attributes, sentAtMs, receiveCount } = letter;
  return {
    queue: name,
    jobId,
    messageId,
    sentAt: new Date(sentAtMs).toISOString(),
    receiveCount,
    reason: typeof reason === 'string' ? null : reason,
    ...(reason === 'malformed' && { reasonText: attributes[reasonAttribute]?.StringValue ?? '' }),
    ...('value' in payload && { payload: payload.value }),
    attributes: Object.fromEntries(
      Object.entries(attributes)
        .filter(([attribute]) => attribute !== reasonAttribute)
        .map(([attribute, { DataType, StringValue, BinaryValue }]) => [
          attribute,
          {
            type: DataType,
            value: BinaryValue ? Buffer.from(BinaryValue).toString('base64') : StringValue,
          },
        ]),
    ),
    body,
  };
}
