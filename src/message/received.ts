import type { SQSRecord } from 'aws-lambda';
import { NonRetryableError } from '../job/errors.ts';

/** A message of a job's queue, whichever way it came: through the topic (SNS's envelope) or straight to the queue. */
export interface JobMessage {
  readonly record: SQSRecord;
  /** The `jobId` attribute, else the envelope's MessageId, else SQS's, which changes with every redrive. */
  readonly jobId: string;
  /** How often SQS has delivered it, this time included; with the attempts of the message it is a copy of. */
  readonly receiveCount: number;
  /** The payload as it was published; an InvalidMessageError, which no JSON makes, where there is none. */
  readonly payload: unknown;
}

/**
 * The attribute of a message that was sent to its queue once more: `<attempts>@<epoch ms>@<copies>`, how many were made
 * before, when it was sent, and how often by now.
 */
export const attemptsMadeAttribute = 'attemptsMade';

/** The message's body is no JSON, so there is no payload to run a job with. */
export class InvalidMessageError extends NonRetryableError {
  override readonly name = 'InvalidMessageError';
}

/** Never throws: a body that cannot be read is a message that will be a dead letter, with an ID and a reason. */
export function readMessage(record: SQSRecord): JobMessage {
  const body = parsed(record.body);
  const envelope = isEnvelope(body) ? body : undefined;
  return {
    record,
    jobId: jobIdOf(record, envelope),
    receiveCount: Number(record.attributes?.ApproximateReceiveCount ?? 1) + attemptsBefore(record),
    payload: envelope === undefined ? body : parsed(envelope.Message),
  };
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
    return new InvalidMessageError('the message is no JSON');
  }
}

/** Opened once: an envelope that was itself published as a payload stays a payload. */
export function isEnvelope(value: unknown): value is SnsEnvelope {
  const { Type, MessageId, TopicArn, Message } = Object(value) as Record<keyof SnsEnvelope, unknown>;
  return Type === 'Notification' && isText(MessageId) && isText(TopicArn) && isText(Message);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** An empty one, or one that is no text, is none. */
function jobIdOf({ messageAttributes, messageId }: SQSRecord, envelope: SnsEnvelope | undefined): string {
  const given = envelope?.MessageAttributes?.jobId?.Value || messageAttributes?.jobId?.stringValue;
  return isText(given) && given ? given : (envelope?.MessageId ?? messageId);
}

/** What SNS delivers when raw message delivery is off. */
export interface SnsEnvelope {
  readonly Type: 'Notification';
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Message: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Type: string; readonly Value: unknown }>>;
}
