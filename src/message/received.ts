import type { SQSRecord } from 'aws-lambda';
import type { MessageAttributes } from './limits.ts';

/** A message of a job's queue, whichever way it came: through the topic (SNS's envelope) or straight to the queue. */
export interface JobMessage {
  readonly record: SQSRecord;
  /** The attribute `jobId`, else the envelope's MessageId, else SQS's, which changes with every redrive. */
  readonly jobId: string;
  /** How often SQS has delivered it, this time included; with the attempts of the message it is a copy of. */
  readonly receiveCount: number;
  /** The payload as the publisher gave it; `unreadable` if the text is not JSON. */
  readonly payload: unknown;
}

/** Stands for a payload that is not JSON: its message will be a dead letter. No JSON text can produce this value. */
export const unreadable: unique symbol = Symbol('unreadable');

/**
 * The attribute of a message that was sent to its queue once more: `<attempts>@<epoch ms>@<copies>`, how many were made
 * before, when it was sent, and how often by now.
 */
export const attemptsMadeAttribute = 'attemptsMade';

/** Never throws: a body that cannot be read is a message that will be a dead letter, with an ID and a reason. */
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

/** When a message was published, as its publisher said. Any producer may have written it: it may be any text. */
export function publishedAt({ record }: JobMessage): string | undefined {
  // Few ask, and nobody parses a body for what does not stand there.
  const envelope = record.body.includes('"publishedAt"') ? envelopeOf(record.body) : undefined;
  return attributeOf('publishedAt', record, envelope);
}

/** The envelope that a message's body is; undefined for one that was sent straight to a queue, or raw. */
export function envelopeOf(body: string): SnsEnvelope | undefined {
  const value = parsed(body);
  return isEnvelope(value) ? value : undefined;
}

/**
 * An envelope's attributes in SQS's form. Anybody can send an envelope, so entries that are not attributes are left
 * out.
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

/** What SNS delivers when raw message delivery is off. */
export interface SnsEnvelope {
  readonly Type: 'Notification';
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Message: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Type: string; readonly Value: unknown }>>;
}

/**
 * What a message says of itself: the envelope's attribute, then the record's. A copy that the runtime sent carries its
 * own in the record, which wins. An empty text, or a value that is not a text, counts as missing.
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

/** A move of the whole queue keeps the attribute, too, but is sent later: then the attempts begin anew. */
function attemptsBefore({ attributes, messageAttributes }: SQSRecord): number {
  const made = messageAttributes?.[attemptsMadeAttribute]?.stringValue;
  if (!made) return 0; // nearly always
  const [attempts, sentAtMs] = made.split('@');
  return Number(attributes?.SentTimestamp) - Number(sentAtMs) < clocksApartMs ? Number(attempts) : 0;
}

/** Two clocks that differ by more cannot talk: SQS refuses what was signed five minutes ago. */
const clocksApartMs = 300_000;

/** Without V8's own message, which quotes the text: that may hold what should be in no log. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return unreadable;
  }
}

/** Opened once: an envelope that was itself published as a payload stays a payload. */
function isEnvelope(value: unknown): value is SnsEnvelope {
  const { Type, MessageId, TopicArn, Message } = Object(value) as Record<keyof SnsEnvelope, unknown>;
  return Type === 'Notification' && isText(MessageId) && isText(TopicArn) && isText(Message);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
