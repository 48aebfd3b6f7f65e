import { EngineError } from './errors.ts';
import { checkMessageAttributes } from './messageAttributes.ts';
import { protocolMessages } from './messageStructure.ts';
import { messageAttributesOf } from './publishes.ts';

/**
 * Refuses what SNS refuses and fauxqs takes of one message: its subject, structure and attributes.
 * @param prefix of the message's parameters, for an entry of a batch
 */
export function checkPublish(request: Record<string, string>, prefix = ''): void {
  const { [`${prefix}Subject`]: subject, [`${prefix}MessageStructure`]: structure } = request;
  if (subject !== undefined && !isSubject.test(subject)) {
    const bounds = '1 to 100 characters without line breaks or control characters';
    throw new EngineError('InvalidParameter', `Invalid parameter: Subject must be ${bounds}.`);
  }
  if (structure === 'json') protocolMessages(request[`${prefix}Message`] ?? '');
  checkMessageAttributes(messageAttributesOf(request, prefix), 'SNS');
}

const isSubject = /^\P{Cc}{1,100}$/u;
