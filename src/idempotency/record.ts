import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

/**
 * The record of one run's key, which is its own as long as it has the lease that the run gave it. Work that threw frees
 * its key, but only then: a delete that comes late (repeated by the SDK after its answer was lost, or sent by a process
 * that was frozen meanwhile) must not take away the record of whoever has taken over, or the work would be done twice.
 */
export class LeasedRecord extends DynamoDBPersistenceLayer {
  readonly #tableName: string;
  readonly #client: DynamoDBClient;
  #id = '';
  /** Epoch ms: where the record may say that the lease ends. Of a renewal without an answer nobody knows if it was made. */
  #ends: readonly number[] = [];

  constructor(tableName: string, client: DynamoDBClient) {
    super({ tableName, awsSdkV3Client: client });
    this.#tableName = tableName;
    this.#client = client;
  }

  /** Epoch ms; the latest, where a renewal was not answered. */
  get leaseEndsAt(): number {
    return Math.max(...this.#ends);
  }

  /**
   * @param endsAt epoch ms
   * @throws {ConditionalCheckFailedException} when the work is done meanwhile, or somebody else has taken over
   */
  async renew(endsAt: number, abortSignal: AbortSignal): Promise<void> {
    const before = this.#ends;
    // With the new end among its own: the SDK repeats a call whose answer was lost.
    this.#ends = [...before, endsAt];
    const { ExpressionAttributeValues, ...own } = this.#own();
    await this.#client.send(
      new UpdateItemCommand({
        ...own,
        UpdateExpression: 'SET #lease = :lease',
        ExpressionAttributeValues: { ...ExpressionAttributeValues, ':lease': { N: `${endsAt}` } },
      }),
      { abortSignal },
    );
    this.#ends = [endsAt];
  }

  protected override async _putRecord(record: IdempotencyRecord): Promise<void> {
    this.#id = record.idempotencyKey;
    this.#ends = [record.inProgressExpiryTimestamp ?? 0];
    await super._putRecord(record);
  }

  protected override async _deleteRecord(): Promise<void> {
    await this.#client.send(new DeleteItemCommand(this.#own())).catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
  }

  /** The work is done: to remember that is worth more than the SDK's three attempts, while there is time to report. */
  protected override async _updateRecord(record: IdempotencyRecord): Promise<void> {
    const lastAttemptAt = this.leaseEndsAt - reportingMs;
    for (let delayMs = 100; ; delayMs *= 2) {
      try {
        return await super._updateRecord(record);
      } catch (error) {
        if (isRefusal(error) || Date.now() + delayMs > lastAttemptAt) throw error;
        await sleep(delayMs);
      }
    }
  }

  /** The item, if it is still this run's. */
  #own() {
    const ends = this.#ends.map((end, index) => [`:end${index}`, { N: `${end}` }] as const);
    return {
      TableName: this.#tableName,
      Key: { id: { S: this.#id } },
      ConditionExpression: `#status = :running AND #lease IN (${ends.map(([name]) => name)})`,
      ExpressionAttributeNames: { '#status': 'status', '#lease': 'in_progress_expiration' },
      ExpressionAttributeValues: { ':running': { S: 'INPROGRESS' }, ...Object.fromEntries(ends) },
    };
  }
}

/** At most so long before the end of its process a batch begins to be reported. */
const reportingMs = 3_000;

/** Trying again is no use: no permission, no such table. */
function isRefusal(error: unknown): boolean {
  const { name, $fault } = error as { name?: string; $fault?: 'client' | 'server' };
  return $fault === 'client' && !/Throttling|Throughput|RequestLimit/.test(String(name));
}
