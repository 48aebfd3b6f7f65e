import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import type { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { JobLog } from '../job/context.ts';
import { type Duration, durationSeconds } from '../job/duration.ts';
import { idempotencyDefaults } from '../job/idempotency.ts';
import { AlreadyRunningError, type Lease } from '../runtime/once.ts';
import { LeasedRecord } from './record.ts';
import { startRenewal } from './renewal.ts';

export interface DynamoKeysOptions {
  /** @default `JOB_IDEMPOTENCY_TABLE` */
  readonly tableName?: string | undefined;
  readonly client?: DynamoDBClient | undefined;
}

/**
 * Does the work with a key once.
 * @returns the work's result, or the stored one of the time it was done
 * @throws {AlreadyRunningError} when it is under way elsewhere; whatever the work throws, which frees the key again
 */
export type KeyedWork = (key: string, lease: LoggedLease, work: () => unknown) => Promise<unknown>;

export interface LoggedLease extends Lease {
  readonly log: Pick<JobLog, 'warn'>;
}

/** Remembers a job's keys in the platform's DynamoDB table, by Powertools' idempotency. */
export function dynamoKeys(
  jobName: string,
  remembered: Duration = idempotencyDefaults.for,
  {
    tableName = process.env.JOB_IDEMPOTENCY_TABLE ?? '',
    client = new DynamoDBClient({}),
  }: DynamoKeysOptions = {},
): KeyedWork {
  const expiresAfterSeconds = Math.ceil(durationSeconds(remembered));
  return async (key, { leaseMs, renewalMs = leaseMs, log }, work) => {
    const store = new LeasedRecord(tableName, client);
    const config = configWithLease(expiresAfterSeconds, Math.min(leaseMs, renewalMs));
    store.configure({ config, keyPrefix: jobName });
    const done: { result?: unknown; thrown?: { error: unknown } } = {};
    const once = makeIdempotent(
      async (_key: string) => {
        const renewal = renewalMs < leaseMs ? startRenewal(store, { leaseMs, renewalMs, log }) : undefined;
        try {
          done.result = await work();
          return storable(done.result);
        } catch (error) {
          done.thrown = { error };
          throw error;
        } finally {
          renewal?.stop();
        }
      },
      { persistenceStore: store, config, dataIndexArgument: 0 },
    );
    try {
      const stored = await once(key);
      return 'result' in done ? done.result : resultOf(stored);
    } catch (error) {
      if (done.thrown) throw done.thrown.error;
      if ('result' in done) {
        // Done, but not remembered: running it again would be worse than a duplicate that may come.
        log.warn('the job is done, but could not be remembered for idempotency', { error });
        return done.result;
      }
      throw isInProgress(error)
        ? new AlreadyRunningError(await leaseSeconds(store, key), { cause: error })
        : error;
    }
  };
}

/** Without a lease in the record, a crashed attempt would block its key until that expires. */
function configWithLease(expiresAfterSeconds: number, leaseMs: number): IdempotencyConfig {
  return new IdempotencyConfig({
    expiresAfterSeconds,
    lambdaContext: { getRemainingTimeInMillis: () => leaseMs } as never,
  });
}

/**
 * As JSON text: as an item of its own a result could be too large, too deep or hold numbers that DynamoDB has not.
 * DynamoDB's items end at 400 KB; a result beyond that, or one that is no JSON, is no reason to fail a finished job.
 */
function storable(result: unknown): string | undefined {
  try {
    const json = JSON.stringify(result);
    return json === undefined || Buffer.byteLength(json) > 300_000 ? undefined : json;
  } catch {
    return undefined;
  }
}

function resultOf(stored: string | undefined): unknown {
  return stored === undefined ? undefined : JSON.parse(stored);
}

/** Or was, a moment ago: its record has changed while it was looked at. */
function isInProgress(error: unknown): boolean {
  return error instanceof Error && inProgressErrors.has(error.name);
}

const inProgressErrors: ReadonlySet<string> = new Set([
  'IdempotencyAlreadyInProgressError',
  'IdempotencyInconsistentStateError',
  'IdempotencyItemNotFoundError',
]);

async function leaseSeconds(store: DynamoDBPersistenceLayer, key: string): Promise<number> {
  const record = await store.getRecord(key).catch(ignoreNotFound);
  const endsAt = record?.inProgressExpiryTimestamp ?? Date.now();
  return Math.max(Math.ceil((endsAt - Date.now()) / 1000), 0) + 1;
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof Error && error.name === 'IdempotencyItemNotFoundError') return undefined;
  throw error;
}
