import { EngineError } from './errors.ts';
import type { MessageAttributes } from './fauxqs.ts';
import { checkMessageAttributes } from './messageAttributes.ts';

/** An entry of SendMessageBatch, or the body of SendMessage. */
interface SendRequest {
  Id?: string;
  MessageBody?: string;
  MessageAttributes?: MessageAttributes | null;
}

/**
 * Refuses message attributes that SQS refuses and fauxqs takes.
 * @throws {EngineError} InvalidParameterValue
 */
export function checkSend({ MessageAttributes }: SendRequest): void {
  const attributes = MessageAttributes ?? {};
  const count = Object.keys(attributes).length;
  if (count > MAX_ATTRIBUTES) {
    const message = `Number of message attributes [${count}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`;
    throw new EngineError('InvalidParameterValue', message);
  }
  checkMessageAttributes(attributes, 'SQS');
}

const MAX_ATTRIBUTES = 10;

/**
 * In a batch SQS refuses the one entry and takes the others: such an entry is given a body that fauxqs refuses, and
 * `tellRefusals` puts the reason into the answer.
 */
export function checkSendBatch(body: object, entries: readonly SendRequest[]): void {
  for (const entry of entries) {
    try {
      checkSend(entry);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      refusals.set(body, (refusals.get(body) ?? new Map()).set(entry.Id, error));
      entry.MessageBody = '\0';
      entry.MessageAttributes = {};
    }
  }
}

export function tellRefusals(body: object, failed: { Id: string; Code: string; Message: string }[]): void {
  for (const entry of failed) {
    const { code, message } = refusals.get(body)?.get(entry.Id) ?? {};
    Object.assign(entry, code && { Code: code, Message: message });
  }
}

const refusals = new WeakMap<object, Map<string | undefined, EngineError>>();
