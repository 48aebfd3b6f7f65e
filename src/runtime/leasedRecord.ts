import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';

/**
 * The record of one run's key. Work that threw frees its key, but only while the record is its own: a delete that
 * comes late (repeated by the SDK after its answer was lost, or sent by a process that was frozen meanwhile) must not
 * take away the record of whoever has taken over, or the work would be done twice.
 */
export class LeasedRecord extends DynamoDBPersistenceLayer {
  readonly #tableName: string;
  readonly #client: DynamoDBClient;
  /** Epoch ms, as the record has it; by that the run knows it again. Whoever renews the lease says so here. */
  leaseEndsAt: number | undefined;

  constructor(tableName: string, client: DynamoDBClient) {
    super({ tableName, awsSdkV3Client: client });
    this.#tableName = tableName;
    this.#client = client;
  }

  protected override async _putRecord(record: IdempotencyRecord): Promise<void> {
    this.leaseEndsAt = record.inProgressExpiryTimestamp;
    await super._putRecord(record);
  }

  protected override async _deleteRecord({ idempotencyKey }: IdempotencyRecord): Promise<void> {
    const command = new DeleteItemCommand({
      TableName: this.#tableName,
      Key: { id: { S: idempotencyKey } },
      ConditionExpression: '#status = :running AND #lease = :own',
      ExpressionAttributeNames: { '#status': 'status', '#lease': 'in_progress_expiration' },
      ExpressionAttributeValues: { ':running': { S: 'INPROGRESS' }, ':own': { N: `${this.leaseEndsAt}` } },
    });
    await this.#client.send(command).catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
  }

  /** The work is done: to remember that is worth more than the SDK's three attempts, while there is time to report. */
  protected override async _updateRecord(record: IdempotencyRecord): Promise<void> {
    const lastAttemptAt = (this.leaseEndsAt ?? 0) - reportingMs;
    for (let delayMs = 100; ; delayMs *= 2) {
      try {
        return await super._updateRecord(record);
      } catch (error) {
        if (isRefusal(error) || Date.now() + delayMs > lastAttemptAt) throw error;
        await sleep(delayMs);
      }
    }
  }
}

/** At most so long before the end of its process a batch begins to be reported. */
const reportingMs = 3_000;

/** Trying again is no use: no permission, no such table. */
function isRefusal(error: unknown): boolean {
  const { name, $fault } = error as { name?: string; $fault?: 'client' | 'server' };
  return $fault === 'client' && !/Throttling|Throughput|RequestLimit/.test(String(name));
}
