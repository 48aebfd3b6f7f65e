import { reasonAttribute } from '../../src/message/deadLetterReason.ts';
import { unreadable } from '../../src/message/received.ts';
import type { Letter } from './letter.ts';
import type { OffloadedPayload } from './offloadedPayloads.ts';

/**
 * A letter as `--json` and `export` give it: plain data, from which it can be published again. `reason` is null where
 * there is none, beside it `olderReason` where that is an older death's, or `reasonText`, what stands there instead;
 * `payload` is left out where the body is no JSON. A payload that was looked up in S3 stands there in place of its
 * pointer, with its `payloadUrl`, or the `payloadProblem` beside it.
 */
export function letterJson(name: string, letter: Letter, offloaded?: OffloadedPayload): object {
  const { jobId, messageId, payload, reason, olderReason, body, attributes, sentAtMs, receiveCount } = letter;
  return {
    queue: name,
    jobId,
    messageId,
    sentAt: new Date(sentAtMs).toISOString(),
    receiveCount,
    reason: typeof reason === 'string' ? null : reason,
    ...(olderReason && { olderReason }),
    ...(reason === 'malformed' && { reasonText: attributes[reasonAttribute]?.StringValue ?? '' }),
    ...(payload !== unreadable && { payload }),
    ...(offloaded && offloadedJson(offloaded)),
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

function offloadedJson(offloaded: OffloadedPayload): object {
  const { url: payloadUrl } = offloaded;
  if ('problem' in offloaded) return { payloadUrl, payloadProblem: offloaded.problem };
  try {
    return { payloadUrl, payload: JSON.parse(offloaded.text) };
  } catch {
    return { payloadUrl, payloadProblem: 'it is no JSON' };
  }
}
