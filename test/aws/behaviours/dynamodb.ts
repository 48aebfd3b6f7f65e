import assert from 'node:assert/strict';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { eventually } from '../../local/aws/fixtures/assembly/eventually.ts';
import type { Aws } from './aws.ts';
import { issues, recorded, refused, rowsOf } from './behaviour.ts';

const { rows, met, unmet } = rowsOf('dynamodb', issues.machine);

export { rows as dynamodb };

const docs = 'https://docs.aws.amazon.com/amazondynamodb/latest';
const api = (action: string) => `${docs}/APIReference/API_${action}.html`;
const guide = (page: string) => `${docs}/developerguide/${page}.html`;
const conditions = guide('Expressions.ConditionExpressions');
const updates = guide('Expressions.UpdateExpressions');

type Item = Record<string, AttributeValue>;
const id: Item = { id: { S: 'one' } };
const put = (aws: Aws, TableName: string, Item: Item, more = {}) =>
  aws.dynamodb.send(new PutItemCommand({ TableName, Item: { ...id, ...Item }, ...more }));
const update = (aws: Aws, TableName: string, more: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>) =>
  aws.dynamodb.send(new UpdateItemCommand({ TableName, Key: id, ReturnValues: 'ALL_NEW', ...more }));
const get = async (aws: Aws, TableName: string, Key = id) =>
  (await aws.dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;

met('attribute_not_exists lets the first in, and refuses the second', conditions, async (aws) => {
  const table = await aws.table();
  const more = { ConditionExpression: 'attribute_not_exists(id)' };
  await put(aws, table, {}, more);
  await refused(
    put(aws, table, {}, more),
    'ConditionalCheckFailedException',
    /The conditional request failed/,
  );
});
met('A condition that fails changes nothing', conditions, async (aws) => {
  const table = await aws.table();
  await put(aws, table, { n: { N: '1' } });
  const more = { ConditionExpression: 'n > :n', ExpressionAttributeValues: { ':n': { N: '1' } } };
  await refused(put(aws, table, { n: { N: '2' } }, more), 'ConditionalCheckFailedException');
  assert.equal((await get(aws, table))?.n?.N, '1');
});
unmet('A condition that fails answers the item where ALL_OLD is asked for', recorded, async (aws) => {
  const table = await aws.table();
  await put(aws, table, { n: { N: '1' } });
  const more = {
    ConditionExpression: 'attribute_not_exists(id)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
  await assert.rejects(put(aws, table, {}, more), (error: { Item?: Item }) => error.Item?.n?.N === '1');
});
for (const [condition, holds] of [
  ['attribute_exists(n) AND n = :one', true],
  ['attribute_exists(n) AND NOT n = :one', false],
  ['n IN (:one, :two)', true],
  ['n BETWEEN :one AND :two', true],
  ['n <> :one OR n >= :two', false],
  ['size(#t) < :two', false],
  ['begins_with(#t, :t)', true],
  ['contains(#t, :t)', true],
  ['nowhere < :two', false],
] as const) {
  met(
    `The condition ${condition} ${holds ? 'holds' : 'does not hold'} for n 1 and t abc`,
    conditions,
    async (aws) => {
      const table = await aws.table();
      await put(aws, table, { n: { N: '1' }, t: { S: 'abc' } });
      const values = { ':one': { N: '1' }, ':two': { N: '2' }, ':t': { S: 'a' } };
      const used = Object.fromEntries(
        Object.entries(values).filter(([name]) => new RegExp(`${name}\\b`).test(condition)),
      );
      const names = condition.includes('#t') ? { ExpressionAttributeNames: { '#t': 't' } } : {};
      const tried = put(
        aws,
        table,
        {},
        { ConditionExpression: condition, ExpressionAttributeValues: used, ...names },
      );
      if (holds) await tried;
      else await refused(tried, 'ConditionalCheckFailedException');
    },
  );
}
met('An update makes the item that is not there', api('UpdateItem'), async (aws) => {
  const table = await aws.table();
  await update(aws, table, {
    UpdateExpression: 'SET n = :n',
    ExpressionAttributeValues: { ':n': { N: '7' } },
  });
  assert.deepEqual(await get(aws, table), { ...id, n: { N: '7' } });
});
met('SET, ADD and REMOVE work in one update, which answers ALL_NEW', updates, async (aws) => {
  const table = await aws.table();
  await put(aws, table, { gone: { S: 'x' }, count: { N: '1' } });
  const { Attributes } = await update(aws, table, {
    UpdateExpression: 'SET l = list_append(if_not_exists(l, :none), :one) ADD #c :n REMOVE gone',
    ExpressionAttributeNames: { '#c': 'count' },
    ExpressionAttributeValues: { ':none': { L: [] }, ':one': { L: [{ S: 'a' }] }, ':n': { N: '2' } },
  });
  assert.deepEqual(Attributes, { ...id, l: { L: [{ S: 'a' }] }, count: { N: '3' } });
});
met('An update answers what was before it as ALL_OLD', api('UpdateItem'), async (aws) => {
  const table = await aws.table();
  await put(aws, table, { n: { N: '1' } });
  const { Attributes } = await update(aws, table, {
    UpdateExpression: 'SET n = :n',
    ExpressionAttributeValues: { ':n': { N: '2' } },
    ReturnValues: 'ALL_OLD',
  });
  assert.equal(Attributes?.n?.N, '1');
});
met('An element of a list is set by its index', updates, async (aws) => {
  const table = await aws.table();
  await put(aws, table, { l: { L: [{ S: 'a' }, { S: 'b' }] } });
  await update(aws, table, {
    UpdateExpression: 'SET l[1] = :c',
    ExpressionAttributeValues: { ':c': { S: 'c' } },
  });
  assert.deepEqual((await get(aws, table))?.l, { L: [{ S: 'a' }, { S: 'c' }] });
});
met('A reserved word is refused as a name', guide('ReservedWords'), async (aws) => {
  const request = { UpdateExpression: 'SET state = :s', ExpressionAttributeValues: { ':s': { S: 'x' } } };
  await refused(update(aws, await aws.table(), request), 'ValidationException', /reserved keyword/);
});
met('A value that no expression uses is refused', api('UpdateItem'), async (aws) => {
  const request = {
    UpdateExpression: 'SET n = :n',
    ExpressionAttributeValues: { ':n': { N: '1' }, ':m': { N: '1' } },
  };
  await refused(update(aws, await aws.table(), request), 'ValidationException', /unused/i);
});
met('An item without its key is refused', api('PutItem'), async (aws) => {
  const request = new PutItemCommand({ TableName: await aws.table(), Item: { n: { N: '1' } } });
  await refused(aws.dynamodb.send(request), 'ValidationException');
});
met('An empty key is refused', api('PutItem'), async (aws) =>
  refused(put(aws, await aws.table(), { id: { S: '' } }), 'ValidationException'),
);
met('An item has at most 400 KB', guide('ServiceQuotas'), async (aws) =>
  refused(put(aws, await aws.table(), { t: { S: 'x'.repeat(410_000) } }), 'ValidationException', /size/i),
);
met('A deleted item is not there', api('DeleteItem'), async (aws) => {
  const TableName = await aws.table();
  await put(aws, TableName, {});
  await aws.dynamodb.send(new DeleteItemCommand({ TableName, Key: id }));
  assert.equal(await get(aws, TableName), undefined);
});
met('A query of an index answers the newest first, page by page', api('Query'), async (aws) => {
  const TableName = await aws.table();
  for (const at of ['1', '3', '2'])
    await put(aws, TableName, { id: { S: at }, kind: { S: 'k' }, at: { S: at } });
  const seen: (string | undefined)[] = [];
  await eventually('three items in the index', async () => {
    seen.length = 0;
    let ExclusiveStartKey: Item | undefined;
    do {
      const page = await aws.dynamodb.send(
        new QueryCommand({
          TableName,
          IndexName: 'byKind',
          KeyConditionExpression: 'kind = :k',
          ExpressionAttributeValues: { ':k': { S: 'k' } },
          ScanIndexForward: false,
          Limit: 2,
          ExclusiveStartKey,
        }),
      );
      seen.push(...(page.Items ?? []).map(({ at }) => at?.S));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return seen.length === 3;
  });
  assert.deepEqual(seen, ['3', '2', '1']);
});
met('A table that does not exist is not found', api('GetItem'), (aws) =>
  refused(get(aws, aws.name()), 'ResourceNotFoundException'),
);
unmet('A table is made once', recorded, async (aws) => {
  const TableName = await aws.table();
  const again = new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
  await refused(aws.dynamodb.send(again), 'ResourceInUseException', /Table already exists: /);
});
met('DescribeTimeToLive tells whether items expire', api('DescribeTimeToLive'), async (aws) => {
  const { TimeToLiveDescription } = await aws.dynamodb.send(
    new DescribeTimeToLiveCommand({ TableName: await aws.table() }),
  );
  assert.equal(TimeToLiveDescription?.TimeToLiveStatus, 'DISABLED');
});
