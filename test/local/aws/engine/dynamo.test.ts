import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';
import { table } from '../../../../local/aws/resources/table.ts';

let engine: Engine;
let client: DynamoDBClient;

beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  client = new DynamoDBClient({ endpoint: engine.endpoint, region: engine.region, credentials });
});

afterAll(async () => {
  client.destroy();
  await engine.stop();
});

const properties = {
  TableName: 'friends',
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
};
const resource = { name: 'friends', properties } as never;

describe('a DynamoDB table of the template', () => {
  test('is there for any SDK, at the same endpoint as SNS and SQS', async () => {
    await table.create(resource, { engine } as never);
    await client.send(new PutItemCommand({ TableName: 'friends', Item: { id: { S: 'Hank' } } }));
    const put = new PutItemCommand({
      TableName: 'friends',
      Item: { id: { S: 'Hank' } },
      ConditionExpression: 'attribute_not_exists(id)',
    });
    await expect(client.send(put)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    const { Item } = await client.send(
      new GetItemCommand({ TableName: 'friends', Key: { id: { S: 'Hank' } } }),
    );
    expect(Item).toEqual({ id: { S: 'Hank' } });
  });

  test('keeps its items when it is applied again, and refuses other keys under its name', async () => {
    await table.update(resource, undefined, { engine } as never, resource);
    const { Count } = await engine.dynamo('Scan', { TableName: 'friends' });
    expect(Count).toBe(1);
    const other = { ...properties, KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }] };
    const changed = table.update(
      { name: 'friends', properties: other } as never,
      undefined,
      {} as never,
      resource,
    );
    await expect(changed).rejects.toThrow('the keys of table friends changed');
  });

  test('goes with its resource', async () => {
    await table.delete(resource, undefined, { engine } as never);
    const { TableNames } = await client.send(new ListTablesCommand({}));
    expect(TableNames).toEqual([]);
  });

  test('refuses what DynamoDB refuses, with its code', async () => {
    await expect(
      engine.dynamo('GetItem', { TableName: 'none', Key: { id: { S: 'a' } } }),
    ).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });
});
