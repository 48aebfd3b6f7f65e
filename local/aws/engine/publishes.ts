import type { MessageAttributes } from './fauxqs.ts';
import { type ProtocolMessages, protocolMessages } from './messageStructure.ts';

/** One message that a topic accepted. */
export interface AcceptedPublish {
  topicArn: string;
  messageId: string;
  subject?: string;
  /** With `MessageStructure: json` its default. */
  message: string;
  /** The messages of a `MessageStructure: json`. */
  messages?: ProtocolMessages;
  attributeCount: number;
  messageAttributes: MessageAttributes;
  messageGroupId?: string;
  messageDeduplicationId?: string;
}

/** What the subscriptions of one protocol get. */
export function messageFor({ message, messages }: AcceptedPublish, protocol: string): string {
  return messages?.[protocol] ?? message;
}

type Parameters = Record<string, string>;

/** The messages that a Publish or PublishBatch request put on its topic, by the request and the answer it got. */
export function acceptedPublishes(request: Parameters, responseXml: string): AcceptedPublish[] {
  if (request.Action === 'Publish') {
    const messageId = /<MessageId>([^<]+)/.exec(responseXml)?.[1];
    return messageId ? [acceptedPublish(request, '', messageId)] : [];
  }
  if (request.Action !== 'PublishBatch') return [];
  const messageIds = new Map<string, string>();
  for (const [, id = '', messageId = ''] of responseXml.matchAll(
    /<member><Id>([^<]+)<\/Id><MessageId>([^<]+)/g,
  )) {
    messageIds.set(id, messageId);
  }
  return entryPrefixes(request).flatMap((prefix) => {
    const messageId = messageIds.get(request[`${prefix}Id`] ?? '');
    return messageId ? [acceptedPublish(request, prefix, messageId)] : [];
  });
}

/** `PublishBatchRequestEntries.member.N.` of each entry. */
export function entryPrefixes(request: Parameters): string[] {
  return Object.keys(request).flatMap((key) => {
    return /^PublishBatchRequestEntries\.member\.\d+\.(?=Id$)/.exec(key)?.[0] ?? [];
  });
}

export function messageAttributesOf(request: Parameters, prefix: string): MessageAttributes {
  const attributes: MessageAttributes = {};
  for (let n = 1; ; n++) {
    const path = `${prefix}MessageAttributes.entry.${n}.`;
    const name = request[`${path}Name`];
    if (name === undefined) return attributes;
    const { [`${path}Value.StringValue`]: text, [`${path}Value.BinaryValue`]: binary } = request;
    attributes[name] = {
      DataType: request[`${path}Value.DataType`] ?? '',
      ...(text !== undefined && { StringValue: text }),
      ...(binary !== undefined && { BinaryValue: binary }),
    };
  }
}

function acceptedPublish(request: Parameters, prefix: string, messageId: string): AcceptedPublish {
  const { [`${prefix}Subject`]: subject, [`${prefix}Message`]: message = '' } = request;
  const { [`${prefix}MessageGroupId`]: messageGroupId } = request;
  const { [`${prefix}MessageDeduplicationId`]: messageDeduplicationId } = request;
  const messageAttributes = messageAttributesOf(request, prefix);
  const messages = request[`${prefix}MessageStructure`] === 'json' ? protocolMessages(message) : undefined;
  return {
    topicArn: request.TopicArn ?? '',
    messageId,
    ...(subject !== undefined && { subject }),
    message: messages?.default ?? message,
    ...(messages && { messages }),
    attributeCount: Object.keys(messageAttributes).length,
    messageAttributes,
    ...(messageGroupId && { messageGroupId }),
    ...(messageDeduplicationId && { messageDeduplicationId }),
  };
}
