import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { isExpired, type StatusItem } from './item.ts';

/** Reads and writes items of the status table. */
export class StatusTable {
  readonly name: string;
  readonly client: DynamoDBDocumentClient;
  readonly #now: () => number;

  constructor({ tableName, client = new DynamoDBClient({}), now = Date.now }: StatusTableOptions) {
    this.name = tableName;
    this.client = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    this.#now = now;
  }

  /** Makes a change if its condition holds. An expired item that DynamoDB has not removed yet counts as missing. */
  update(jobId: string, change: Change, signal?: AbortSignal): Promise<Written> {
    const write = async (): Promise<StatusItem> => {
      const command = new UpdateCommand({
        TableName: this.name,
        Key: { jobId },
        ...change,
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      return (await this.client.send(command, until(signal))).Attributes as StatusItem;
    };
    return this.#written(jobId, write, signal);
  }

  /** Puts an item if the table has no item with its ID. */
  create(item: StatusItem, signal?: AbortSignal): Promise<Written> {
    const write = async (): Promise<StatusItem> => {
      const command = new PutCommand({
        TableName: this.name,
        Item: item,
        ConditionExpression: 'attribute_not_exists(jobId)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      await this.client.send(command, until(signal));
      return item;
    };
    return this.#written(item.jobId, write, signal);
  }

  async get(
    jobId: string,
    { isConsistent = true, signal }: ReadOptions = {},
  ): Promise<StatusItem | undefined> {
    const command = new GetCommand({ TableName: this.name, Key: { jobId }, ConsistentRead: isConsistent });
    const { Item } = await this.client.send(command, until(signal));
    return Item as StatusItem | undefined;
  }

  /** Removes an item if it is in that state. */
  async remove(jobId: string, state: StatusItem['state']): Promise<void> {
    const command = new DeleteCommand({
      TableName: this.name,
      Key: { jobId },
      ConditionExpression: '#state = :state',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':state': state },
    });
    await this.client.send(command).catch(ignoreRefusal);
  }

  async #written(
    jobId: string,
    write: () => Promise<StatusItem>,
    signal: AbortSignal | undefined,
  ): Promise<Written> {
    try {
      return { item: await write() };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const refused = error.Item
        ? (plainItem(error.Item) as unknown as StatusItem)
        : await this.get(jobId, { signal });
      if (refused === undefined || !isExpired(refused, this.#now())) return { refused };
      await this.#removeExpired(refused);
      return { item: await write() };
    }
  }

  #removeExpired({ jobId, expiresAt }: StatusItem): Promise<unknown> {
    const command = new DeleteCommand({
      TableName: this.name,
      Key: { jobId },
      ConditionExpression: 'expiresAt = :seen',
      ExpressionAttributeValues: { ':seen': expiresAt },
    });
    return this.client.send(command);
  }
}

interface ReadOptions {
  /** Whether the read sees every write before it. A read that need not costs half. @default true */
  readonly isConsistent?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The item after a write, or the item that made the write's condition fail. */
export type Written = { readonly item: StatusItem } | { readonly refused: StatusItem | undefined };

export interface StatusTableOptions {
  readonly tableName: string;
  readonly client?: DynamoDBClient | undefined;
  /** Epoch ms. */
  readonly now?: (() => number) | undefined;
}

function until(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ConditionalCheckFailedException)) throw error;
}

/** The parameters of a conditional UpdateItem, without the table and the key. */
export interface Change {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, unknown>;
}

interface ChangeParts {
  /** Attributes and their new values. An attribute whose value is undefined is not changed. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Further assignments in DynamoDB's language: `#createdAt = if_not_exists(#createdAt, :createdAt)`. */
  readonly assign?: readonly string[];
  /** Attributes to remove, unless `set` has them. */
  readonly remove?: readonly string[];
  readonly condition: string;
  /** The values that `assign` and `condition` use beside those of `set`, by their names without the colon. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a change of its parts. Every `#name` stands for the attribute of that
 * name, because many names are reserved words.
 */
export function change({ set, assign = [], remove = [], condition, values = {} }: ChangeParts): Change {
  const given = Object.entries(set).filter(([, value]) => value !== undefined);
  const names = new Set(given.map(([name]) => name));
  const assignments = [...given.map(([name]) => `#${name} = :${name}`), ...assign];
  const removed = remove.filter((name) => !names.has(name)).map((name) => `#${name}`);
  const UpdateExpression = [
    `SET ${assignments.join(', ')}`,
    ...(removed.length > 0 ? [`REMOVE ${removed.join(', ')}`] : []),
  ].join(' ');
  const text = `${UpdateExpression} ${condition}`;
  const all = Object.entries({ ...values, ...Object.fromEntries(given) });
  return {
    UpdateExpression,
    ConditionExpression: condition,
    ExpressionAttributeNames: Object.fromEntries(
      [...text.matchAll(/#(\w+)/g)].map(([key, name]) => [key, name ?? '']),
    ),
    // DynamoDB refuses a value that no expression uses.
    ExpressionAttributeValues: Object.fromEntries(
      all
        .filter(([name]) => new RegExp(`:${name}\\b`).test(text))
        .map(([name, value]) => [`:${name}`, value]),
    ),
  };
}

/**
 * An item of DynamoDB in plain values. The document client converts every answer, but not the item in a
 * ConditionalCheckFailedException.
 */
export function plainItem(attributes: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, plain(value)]));
}

/** A value of DynamoDB as a plain value, for the types that a status uses. */
function plain(value: AttributeValue): unknown {
  if (value.M !== undefined) return plainItem(value.M);
  if (value.L !== undefined) return value.L.map(plain);
  if (value.N !== undefined) return Number(value.N);
  return value.S ?? value.BOOL;
}
