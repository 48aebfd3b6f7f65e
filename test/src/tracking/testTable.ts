import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { localCredentials } from '../../../local/aws/isolatedAws.ts';
import type { StatusItem } from '../../../src/tracking/item.ts';
import { plainItem } from '../../../src/tracking/table.ts';

/** Whoever makes calls; nothing reaches DynamoDB while it is cut off. */
export interface Caller {
  isCutOff: boolean;
}

/** The platform's status table on a real socket. */
export interface TestTable {
  readonly tableName: string;
  /** For the code under test. */
  readonly client: DynamoDBClient;
  /** The names of all calls, in their order. */
  readonly calls: string[];
  /** Happens before a call is sent, and may throw or wait. */
  before: ((call: string) => unknown) | undefined;
  /** Whether every write is sent twice: as the SDK does when the first answer was lost. */
  repeatsWrites: boolean;
  /** Whether a failed condition tells the item, as on AWS; dynalite does not. */
  tellsRefusals: boolean;
  /** What runs within is this caller's. */
  as<T>(caller: Caller, work: () => T): T;
  item(jobId: string): Promise<StatusItem | undefined>;
  put(item: Record<string, unknown>): Promise<void>;
  /** For `beforeEach`: forgets what a test has set and the calls so far; the items stay. */
  reset(): void;
  close(): Promise<void>;
}

export async function startTestTable(): Promise<TestTable> {
  const tableName = 'jobs-dev-status';
  const server: Server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config: DynamoDBClientConfig = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: localCredentials,
    maxAttempts: 1,
  };
  const [client, direct] = [new DynamoDBClient(config), new DynamoDBClient(config)];
  await direct.send(new CreateTableCommand(statusTable(tableName)));
  const callers = new AsyncLocalStorage<Caller>();

  async function raw(jobId: string) {
    const command = new GetItemCommand({
      TableName: tableName,
      Key: { jobId: { S: jobId } },
      ConsistentRead: true,
    });
    return (await direct.send(command)).Item;
  }

  const table: TestTable = {
    tableName,
    client,
    calls: [],
    before: undefined,
    repeatsWrites: false,
    tellsRefusals: true,
    as: (caller, work) => callers.run(caller, work),
    async item(jobId) {
      const item = await raw(jobId);
      return item && (plainItem(item) as unknown as StatusItem);
    },
    async put(item) {
      const Item = Object.fromEntries(
        Object.entries(item).map(([name, value]) => [
          name,
          typeof value === 'number'
            ? { N: String(value) }
            : Array.isArray(value)
              ? { L: [] }
              : { S: String(value) },
        ]),
      );
      await direct.send(new PutItemCommand({ TableName: tableName, Item }));
    },
    reset() {
      Object.assign(table, { before: undefined, repeatsWrites: false, tellsRefusals: true });
      table.calls.length = 0;
    },
    async close() {
      client.destroy();
      direct.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  client.middlewareStack.add(
    (next, context) => async (args) => {
      const call = String(context.commandName).replace(/(Item)?Command$/, '');
      table.calls.push(call);
      if (callers.getStore()?.isCutOff) throw new Error('socket hang up');
      await table.before?.(call);
      if (table.repeatsWrites && call !== 'Get') await next(args);
      return next(args).catch(async (error: unknown) => {
        if (table.tellsRefusals && error instanceof ConditionalCheckFailedException) {
          const item = await raw(jobIdOf(args.input));
          if (item) error.Item = item;
        }
        throw error;
      });
    },
    { step: 'initialize' },
  );
  return table;
}

/** Of a command of the document client, which has plain values. */
function jobIdOf(input: unknown): string {
  const { Key, Item } = input as Record<'Key' | 'Item', { jobId: string } | undefined>;
  return (Key ?? Item)?.jobId ?? '';
}

/** As the stack's: `lib/platform/stores.ts`. */
export function statusTable(TableName: string) {
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: ['jobId', 'listKey', 'createdAt'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S' as const,
    })),
    KeySchema: [{ AttributeName: 'jobId', KeyType: 'HASH' as const }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byJob',
        KeySchema: [
          { AttributeName: 'listKey', KeyType: 'HASH' as const },
          { AttributeName: 'createdAt', KeyType: 'RANGE' as const },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' as const },
      },
    ],
  };
}
