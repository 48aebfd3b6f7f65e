import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { LeasedRecord } from './leasedRecord.ts';
import type { LoggedLease } from './once.ts';

/** The lease of a key being renewed, until it is stopped. */
export interface Renewal {
  stop(): void;
}

export interface StoredKeys {
  readonly store: LeasedRecord;
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

/** Renews the lease when half of it is over, for at most `leaseMs`: what still hangs then is taken over. */
export function startRenewal(
  key: string,
  lease: Required<LoggedLease>,
  { store, client, tableName }: StoredKeys,
): Renewal {
  const { leaseMs, renewalMs, log } = lease;
  const lastEndsAt = Date.now() + leaseMs;
  // Read at once: later it could be somebody else's.
  let held = heldLease(store, key);
  held.catch(() => {}); // said by the renewal

  async function renew(): Promise<void> {
    const { id, endsAt: before } = await held;
    const endsAt = Math.min(Date.now() + renewalMs, lastEndsAt);
    if (endsAt <= before) return clearInterval(timer);
    await client.send(
      new UpdateItemCommand({ TableName: tableName, ...renewalOf({ id, endsAt: before }, endsAt) }),
    );
    held = Promise.resolve({ id, endsAt });
  }

  let isStopped = false;
  const timer = setInterval(() => {
    renew().catch((error: Error) => {
      if (isStopped) return; // done meanwhile, and recorded as that
      if (error.name === 'ConditionalCheckFailedException') clearInterval(timer);
      log.warn('the lease of its key was not renewed', { error });
    });
  }, renewalMs / 2);
  return {
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}

/** Powertools makes the item's ID, a hash of the key. */
async function heldLease(store: LeasedRecord, key: string): Promise<{ id: string; endsAt: number }> {
  const { idempotencyKey, inProgressExpiryTimestamp = 0 } = await store.getRecord(key);
  return { id: idempotencyKey, endsAt: inProgressExpiryTimestamp };
}

/** Only its own: not when the work is done meanwhile, nor when somebody else has taken over. */
function renewalOf({ id, endsAt: before }: { id: string; endsAt: number }, endsAt: number) {
  return {
    Key: { id: { S: id } },
    UpdateExpression: 'SET #lease = :lease',
    ConditionExpression: '#status = :running AND #lease = :before',
    ExpressionAttributeNames: { '#lease': 'in_progress_expiration', '#status': 'status' },
    ExpressionAttributeValues: {
      ':lease': { N: String(endsAt) },
      ':before': { N: String(before) },
      ':running': { S: 'INPROGRESS' },
    },
  };
}
