import { isDeepStrictEqual } from 'node:util';
import type { Properties, ResourceType } from './resourceType.ts';
import { localArn } from './resourceType.ts';

export const table: ResourceType = {
  type: 'AWS::DynamoDB::Table',
  honoured: [
    'TableName',
    'AttributeDefinitions',
    'KeySchema',
    'BillingMode',
    'GlobalSecondaryIndexes',
    'LocalSecondaryIndexes',
    'ProvisionedThroughput',
  ],
  // TTL deletes "within two days" on AWS, so nothing may rely on it.
  notEvaluated: [
    'TimeToLiveSpecification',
    'SSESpecification',
    'PointInTimeRecoverySpecification',
    'DeletionProtectionEnabled',
    'Tags',
  ],
  name: { property: 'TableName', maxLength: 255 },

  ref: (name) => name,
  attributes: (name, place) => ({
    Arn: localArn('dynamodb', place, `table/${name}`),
  }),
  async create({ name, properties }, { engine }) {
    await engine.dynamo('CreateTable', { TableName: name, ...shapeOf(properties) });
  },

  async update({ name, properties }, _handle, _context, before) {
    if (isDeepStrictEqual(shapeOf(properties), shapeOf(before.properties))) return;
    // As on AWS, where CloudFormation cannot replace a resource that has a name of its own.
    throw new Error(`the keys of table ${name} changed: give it another name, or start the platform anew`);
  },

  async delete({ name }, _handle, { engine }) {
    await engine.dynamo('DeleteTable', { TableName: name });
  },
};

function shapeOf(properties: Properties): Properties {
  const { AttributeDefinitions, KeySchema, BillingMode, ProvisionedThroughput } = properties;
  const { GlobalSecondaryIndexes, LocalSecondaryIndexes } = properties;
  const shape = {
    AttributeDefinitions,
    KeySchema,
    BillingMode,
    ProvisionedThroughput,
    GlobalSecondaryIndexes,
    LocalSecondaryIndexes,
  };
  return JSON.parse(JSON.stringify(shape));
}
