/** What SNS delivers: the published message as text, and its attributes. */
export interface Envelope {
  readonly Type: 'Notification';
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Message: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

/** The envelope that a message's body is; undefined for one that was sent straight to a queue, or raw. */
export function envelopeOf(body: string): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isEnvelope(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The runtime's own rule (src/runtime/message.ts). */
function isEnvelope(value: unknown): value is Envelope {
  const { Type, MessageId, TopicArn, Message } = Object(value) as Record<keyof Envelope, unknown>;
  return Type === 'Notification' && [MessageId, TopicArn, Message].every((text) => typeof text === 'string');
}
