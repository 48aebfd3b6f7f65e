import type { MessageAttributes } from './fauxqs.ts';

/** One message that a topic accepted. */
export interface AcceptedPublish {
  topicArn: string;
  messageId: string;
  subject?: string;
  message: string;
  attributeCount: number;
  messageAttributes: MessageAttributes;
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
  const subject = request[`${prefix}Subject`];
  const messageAttributes = messageAttributesOf(request, prefix);
  return {
    topicArn: request.TopicArn ?? '',
    messageId,
    ...(subject !== undefined && { subject }),
    message: request[`${prefix}Message`] ?? '',
    attributeCount: Object.keys(messageAttributes).length,
    messageAttributes,
  };
}
