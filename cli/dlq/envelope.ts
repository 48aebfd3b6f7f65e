import { isEnvelope, type SnsEnvelope } from '../../src/message/received.ts';

/** The envelope that a message's body is; undefined for one that was sent straight to a queue, or raw. */
export function envelopeOf(body: string): SnsEnvelope | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isEnvelope(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
