import type { SQSRecord } from 'aws-lambda';
import type { MessageAttributes } from './limits.ts';

/** A message of a job's queue. It came through the topic, in SNS's envelope, or was sent straight to the queue. */
export interface JobMessage {
  readonly record: SQSRecord;
  /**
   * The attribute `jobId`; without it the envelope's MessageId; without an envelope
   * SQS's messageId, which every redrive changes.
   */
  readonly jobId: string;
  /** How often SQS has delivered the message, this time included. A copy counts the attempts of its original too. */
  readonly receiveCount: number;
  /** The payload as it was published, or `unreadable` where the text is not JSON. */
  readonly payload: unknown;
}

/** Stands for a payload that is not JSON. Its message becomes a dead letter. */
export const unreadable: unique symbol = Symbol('unreadable');

/**
 * The attribute of a copy, `<attempts>@<epoch ms>@<copies>`: the attempts before it, when it
 * was sent, and how often the message has been copied.
 */
export const attemptsMadeAttribute = 'attemptsMade';

/** Reads a message. Never throws: a message whose body cannot be read becomes a dead letter with an ID and a reason. */
export function readMessage(record: SQSRecord): JobMessage {
  const body = parsed(record.body);
  const envelope = isEnvelope(body) ? body : undefined;
  return {
    record,
    jobId: attributeOf('jobId', record, envelope) ?? envelope?.MessageId ?? record.messageId,
    receiveCount: Number(record.attributes?.ApproximateReceiveCount ?? 1) + attemptsBefore(record),
    payload: envelope ? parsed(envelope.Message) : body,
  };
}

/** The attribute `publishedAt`: when the message was published. Another producer may have put any text there. */
export function publishedAt({ record }: JobMessage): string | undefined {
  // The envelope is parsed again only where it has the attribute. Few callers ask for it.
  const envelope = record.body.includes('"publishedAt"') ? envelopeOf(record.body) : undefined;
  return attributeOf('publishedAt', record, envelope);
}

/** The envelope in a message's body. Undefined where the message was sent straight to a queue, or raw. */
export function envelopeOf(body: string): SnsEnvelope | undefined {
  const value = parsed(body);
  return isEnvelope(value) ? value : undefined;
}

/**
 * An envelope's attributes in SQS's form. Anybody can send an envelope, so
 * entries that are not attributes are left out.
 */
export function envelopeAttributes({ MessageAttributes }: SnsEnvelope): MessageAttributes {
  return Object.fromEntries(
    Object.entries(MessageAttributes ?? {}).flatMap(([name, attribute]) => {
      const { Type, Value } = Object(attribute) as Record<'Type' | 'Value', unknown>;
      if (!isText(Type) || !isText(Value)) return [];
      const value = Type.startsWith('Binary')
        ? { BinaryValue: Buffer.from(Value, 'base64') }
        : { StringValue: Value };
      return [[name, { DataType: Type, ...value }]];
    }),
  );
}

/** The JSON in which SNS wraps a message, unless raw message delivery is on. */
export interface SnsEnvelope {
  readonly Type: 'Notification';
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Message: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Type: string; readonly Value: unknown }>>;
}

/**
 * The text of a message's attribute: the envelope's, or else the record's. In a copy the record's comes first, since the
 * runtime has written it. An empty text, or a value that is not a text, counts as missing.
 */
function attributeOf(
  name: string,
  { messageAttributes }: SQSRecord,
  envelope: SnsEnvelope | undefined,
): string | undefined {
  const published = envelope?.MessageAttributes?.[name]?.Value;
  const own = messageAttributes?.[name]?.stringValue;
  const given = (messageAttributes?.[attemptsMadeAttribute] && own) || published || own;
  return (isText(given) && given) || undefined;
}

/**
 * The attempts before a copy; 0 for other messages. When SQS moves a whole dead-letter queue, a message keeps this
 * attribute, but it is sent later than the attribute says. Its attempts then start again.
 */
function attemptsBefore({ attributes, messageAttributes }: SQSRecord): number {
  const made = messageAttributes?.[attemptsMadeAttribute]?.stringValue;
  if (!made) return 0; // nearly always
  const [attempts, sentAtMs] = made.split('@');
  return Number(attributes?.SentTimestamp) - Number(sentAtMs) < clocksApartMs ? Number(attempts) : 0;
}

/**
 * The most by which the runtime's clock and SQS's can differ, in milliseconds: SQS
 * refuses what was signed five minutes ago.
 */
const clocksApartMs = 300_000;

/** The value of a JSON text. V8's error is dropped: it quotes the text, which may not be allowed in a log. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return unreadable;
  }
}

/**
 * Whether a value is an envelope. One envelope is opened: an envelope that was published as a payload stays a payload.
 */
function isEnvelope(value: unknown): value is SnsEnvelope {
  const { Type, MessageId, TopicArn, Message } = Object(value) as Record<keyof SnsEnvelope, unknown>;
  return Type === 'Notification' && isText(MessageId) && isText(TopicArn) && isText(Message);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
