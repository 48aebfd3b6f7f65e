import { once } from 'node:events';
import { connect } from 'node:net';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Engine,
  type Fault,
  type FaultRequest,
  startEngine,
} from '../../../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../../../local/aws/isolatedAws.ts';

let engine: Engine;
let client: DynamoDBClient;

beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  client = new DynamoDBClient({
    endpoint: engine.endpoint,
    region: engine.region,
    credentials,
    maxAttempts: 1,
  });
  await engine.dynamo('CreateTable', {
    TableName: 'friends',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
});
afterEach(() => engine.setFaults(undefined));
afterAll(async () => {
  client.destroy();
  await engine.stop();
});

const put = (id: string) =>
  client.send(new PutItemCommand({ TableName: 'friends', Item: { id: { S: id } } }));
const isThere = async (id: string) => {
  engine.setFaults(undefined);
  const { Item } = await client.send(new GetItemCommand({ TableName: 'friends', Key: { id: { S: id } } }));
  return Item !== undefined;
};

const cut = { message: expect.stringContaining('socket hang up') };

describe('a fault of a DynamoDB request', () => {
  test.each<[Fault, object, boolean]>([
    [{ kind: 'drop' }, cut, false],
    [{ kind: 'dropAfter' }, cut, true],
    [
      { kind: 'error', status: 400, code: 'ProvisionedThroughputExceededException' },
      { name: 'ProvisionedThroughputExceededException' },
      false,
    ],
    [{ kind: 'error', status: 500, code: 'InternalServerError' }, { name: 'InternalServerError' }, false],
  ])('%j', async (fault, error, handled) => {
    const id = JSON.stringify(fault);
    const asked: FaultRequest[] = [];
    engine.setFaults((request) => {
      asked.push(request);
      return fault;
    });
    await expect(put(id)).rejects.toMatchObject(error);
    expect(asked).toEqual([{ service: 'dynamodb', action: 'PutItem' }]);
    expect(await isThere(id)).toBe(handled);
  });

  test('delays it', async () => {
    engine.setFaults(() => ({ kind: 'delay', ms: 60 }));
    const startedAt = performance.now();
    await put('late');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55);
  });

  test('is not for requests from this process', async () => {
    engine.setFaults(() => ({ kind: 'drop' }));
    await engine.dynamo('PutItem', { TableName: 'friends', Item: { id: { S: 'own' } } });
    expect(await isThere('own')).toBe(true);
  });
});

test('a client that goes away in the middle of its request takes nothing down', async () => {
  const { hostname, port } = new URL(engine.endpoint);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = [
    'POST / HTTP/1.1',
    `Host: ${hostname}:${port}`,
    'X-Amz-Target: DynamoDB_20120810.PutItem',
    'Content-Type: application/x-amz-json-1.0',
    'Content-Length: 1000',
  ];
  const asked = new Promise<void>((resolve) => {
    engine.setFaults(() => {
      resolve();
      return undefined;
    });
  });
  socket.write(`${head.join('\r\n')}\r\n\r\n{"TableName":`);
  await asked;
  await put('meanwhile'); // by now the first has been handed over
  socket.resetAndDestroy();
  await put('after');
  expect(await isThere('after')).toBe(true);
});
