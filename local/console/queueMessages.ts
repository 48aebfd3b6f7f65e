import { reasonAttribute } from '../../src/message/deadLetterReason.ts';
import type { MessageAttribute } from '../../src/message/limits.ts';
import { envelopeAttributes, envelopeOf, type SnsEnvelope } from '../../src/message/received.ts';
import type { QueuedMessage, QueueState } from '../aws/engine/engine.ts';

/** The messages of a queue, for people to read. */
export interface QueueMessages {
  readonly queueName: string;
  readonly total: number;
  /** The oldest {@link MAX_MESSAGES}, oldest first. */
  readonly messages: readonly MessageView[];
}

export interface MessageView {
  readonly messageId: string;
  readonly state: 'waiting' | 'in flight' | 'delayed';
  /** When the message came into this queue, in ms since the epoch. */
  readonly enteredAtMs: number;
  readonly receiveCount: number;
  /** What was published, without SNS's envelope. */
  readonly payload: string;
  /** How many characters were cut off the payload. */
  readonly payloadCut: number;
  /** The attributes of the message and of its envelope, without the reason. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The fields of a dead letter's reason. Null without a reason. */
  readonly reason: Readonly<Record<string, unknown>> | null;
  /** Whether a queue's redrive policy moved the message here. Then a reason, if any, tells of an earlier death. */
  readonly movedByRedrivePolicy: boolean;
}

const MAX_MESSAGES = 50;
const MAX_PAYLOAD_CHARACTERS = 65_536;

export function queueMessages({ name, visible, notVisible, delayed }: QueueState): QueueMessages {
  const all = [
    ...visible.map((message) => ({ message, state: 'waiting' as const })),
    ...notVisible.map((message) => ({ message, state: 'in flight' as const })),
    ...delayed.map((message) => ({ message, state: 'delayed' as const })),
  ];
  all.sort((a, b) => a.message.enteredAtMs - b.message.enteredAtMs);
  const messages = all.slice(0, MAX_MESSAGES).map(({ message, state }) => messageView(message, state));
  return { queueName: name, total: all.length, messages };
}

function messageView(message: QueuedMessage, state: MessageView['state']): MessageView {
  const { messageId, body, enteredAtMs, receiveCount } = message;
  const envelope = envelopeOf(body);
  const payload = envelope?.Message ?? body;
  const { [reasonAttribute]: reason, ...attributes } = attributesOf(message, envelope);
  return {
    messageId,
    state,
    enteredAtMs,
    receiveCount,
    payload: payload.slice(0, MAX_PAYLOAD_CHARACTERS),
    payloadCut: Math.max(0, payload.length - MAX_PAYLOAD_CHARACTERS),
    attributes,
    reason: reasonOf(reason),
    movedByRedrivePolicy: message.deadLetterSourceArn !== undefined,
  };
}

/** The message's own attributes win: the runtime has set them, and knew the envelope's. */
function attributesOf({ messageAttributes }: QueuedMessage, envelope: SnsEnvelope | undefined) {
  return { ...texts(envelope && envelopeAttributes(envelope)), ...texts(messageAttributes) };
}

function texts(
  attributes: Readonly<Record<string, Pick<MessageAttribute, 'DataType' | 'StringValue'>>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue }]) => [
      name,
      StringValue ?? `(${DataType})`,
    ]),
  );
}

/** A text that is not a JSON object is shown as the reason's message. */
function reasonOf(text: string | undefined): MessageView['reason'] {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {}
  return { message: text };
}
