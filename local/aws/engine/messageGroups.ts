/**
 * `MessageGroupId`s of messages sent to standard queues (SQS's fair queues), which fauxqs drops: it makes the stored
 * message with the very attributes of the request, and by these its group is found again.
 */
const groups = new WeakMap<object, string>();

/** Of the body of SendMessage, or of an entry of SendMessageBatch. */
export function noteMessageGroup(message: {
  MessageAttributes?: object | null;
  MessageGroupId?: unknown;
}): void {
  const { MessageGroupId: group } = message;
  if (typeof group !== 'string' || group === '') return;
  message.MessageAttributes ??= {};
  groups.set(message.MessageAttributes, group);
}

export function messageGroupOf(attributes: object): string | undefined {
  return groups.get(attributes);
}
