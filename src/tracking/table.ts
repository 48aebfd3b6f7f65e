import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { plainItem } from './attributeValues.ts';
import type { Change } from './change.ts';
import { isExpired, type StatusItem } from './item.ts';

/** The status table, by its items: what transitions and listings are made of. */
export interface StatusTable {
  readonly name: string;
  readonly client: DynamoDBDocumentClient;
  /** Makes a change where its condition holds. An expired item that DynamoDB has not yet removed does not count. */
  update(jobId: string, change: Change, signal?: AbortSignal): Promise<Written>;
  /** Puts an item where there is none. */
  create(item: StatusItem, signal?: AbortSignal): Promise<Written>;
  get(jobId: string, options?: ReadOptions): Promise<StatusItem | undefined>;
  /** Removes an item while it is in that state. */
  remove(jobId: string, state: StatusItem['state']): Promise<void>;
}

export interface ReadOptions {
  /** Whether it sees every write before it; else it costs half. @default true */
  readonly isConsistent?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The item after a write; or the one that made the condition fail. */
export type Written = { readonly item: StatusItem } | { readonly refused: StatusItem | undefined };

export interface StatusTableOptions {
  readonly tableName: string;
  readonly client?: DynamoDBClient | undefined;
  /** Epoch ms. */
  readonly now?: (() => number) | undefined;
}

export function openStatusTable({
  tableName: TableName,
  client: dynamo = new DynamoDBClient({}),
  now = Date.now,
}: StatusTableOptions): StatusTable {
  const client = DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } });

  async function written(
    jobId: string,
    write: () => Promise<StatusItem>,
    signal?: AbortSignal,
  ): Promise<Written> {
    try {
      return { item: await write() };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const refused = error.Item
        ? (plainItem(error.Item) as unknown as StatusItem)
        : await get(jobId, { signal });
      if (refused === undefined || !isExpired(refused, now())) return { refused };
      await removeExpired(refused);
      return { item: await write() };
    }
  }

  async function get(
    jobId: string,
    { isConsistent = true, signal }: ReadOptions = {},
  ): Promise<StatusItem | undefined> {
    const command = new GetCommand({ TableName, Key: { jobId }, ConsistentRead: isConsistent });
    const { Item } = await client.send(command, until(signal));
    return Item as StatusItem | undefined;
  }

  function removeExpired({ jobId, expiresAt }: StatusItem): Promise<unknown> {
    const condition = {
      ConditionExpression: 'expiresAt = :seen',
      ExpressionAttributeValues: { ':seen': expiresAt },
    };
    return client.send(new DeleteCommand({ TableName, Key: { jobId }, ...condition }));
  }

  return {
    name: TableName,
    client,
    get,

    update: (jobId, change, signal) =>
      written(
        jobId,
        async () => {
          const command = new UpdateCommand({
            TableName,
            Key: { jobId },
            ...change,
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          });
          return (await client.send(command, until(signal))).Attributes as StatusItem;
        },
        signal,
      ),

    create: (item, signal) =>
      written(
        item.jobId,
        async () => {
          const command = new PutCommand({
            TableName,
            Item: item,
            ConditionExpression: 'attribute_not_exists(jobId)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          });
          await client.send(command, until(signal));
          return item;
        },
        signal,
      ),

    async remove(jobId, state) {
      const command = new DeleteCommand({
        TableName,
        Key: { jobId },
        ConditionExpression: '#state = :state',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': state },
      });
      await client.send(command).catch(ignoreRefusal);
    },
  };
}

function until(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ConditionalCheckFailedException)) throw error;
}
