import { isDeepStrictEqual } from 'node:util';
import type { Properties, ResourceType } from './resourceType.ts';
import { localArn } from './resourceType.ts';

export const topic: ResourceType = {
  type: 'AWS::SNS::Topic',
  honoured: ['TopicName', 'FifoTopic', 'ContentBasedDeduplication'],
  notEvaluated: ['DisplayName', 'KmsMasterKeyId', 'SignatureVersion', 'TracingConfig', 'Tags'],
  name: { property: 'TopicName', maxLength: 256, suffix: ({ FifoTopic }) => (FifoTopic ? '.fifo' : '') },

  ref: (name, place) => arn(name, place),
  attributes: (name, place) => ({ TopicArn: arn(name, place), TopicName: name }),

  async create({ name, properties }, { engine }) {
    await engine.sns('CreateTopic', { Name: name, Attributes: attributesOf(properties) });
  },

  async update({ name, properties }, _handle, { engine }, before) {
    if (isDeepStrictEqual(attributesOf(properties), attributesOf(before.properties))) return;
    await engine.sns('SetTopicAttributes', {
      TopicArn: engine.topicArn(name),
      AttributeName: 'ContentBasedDeduplication',
      AttributeValue: String(properties.ContentBasedDeduplication ?? false),
    });
  },

  async delete({ name }, _handle, { engine }) {
    await engine.sns('DeleteTopic', { TopicArn: engine.topicArn(name) });
  },
};

function arn(name: string, { region, accountId }: { region: string; accountId: string }): string {
  return localArn('sns', { region, accountId }, name);
}

function attributesOf({ FifoTopic, ContentBasedDeduplication }: Properties): Record<string, string> {
  return {
    ...(FifoTopic === undefined ? {} : { FifoTopic: String(FifoTopic) }),
    ...(ContentBasedDeduplication === undefined
      ? {}
      : { ContentBasedDeduplication: String(ContentBasedDeduplication) }),
  };
}
