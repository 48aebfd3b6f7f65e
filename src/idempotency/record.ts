import { setTimeout as sleep } from 'node:timers/promises';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { JobLog } from '../job/context.ts';
import { type Duration, durationSeconds } from '../job/duration.ts';
import { defaultRemembered } from '../job/options.ts';
import { AlreadyRunningError, type Lease } from '../runtime/once.ts';

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
  remembered: Duration = defaultRemembered,
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
 * A DynamoDB item holds at most 400 KB. A result that is larger, or has no JSON, must not fail a finished job.
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

/**
 * The record of one run's key, which is its own as long as it has the lease that the run gave it. Work that threw frees
 * its key, but only then: a delete that comes late (repeated by the SDK after its answer was lost, or sent by a process
 * that was frozen meanwhile) must not take away the record of whoever has taken over, or the work would be done twice.
 */
export class LeasedRecord extends DynamoDBPersistenceLayer {
  readonly #tableName: string;
  readonly #client: DynamoDBClient;
  #id = '';
  /**
   * Epoch ms: the ends of the lease that the record may have. A renewal without an answer may or may not have been
   * made.
   */
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

/** The lease of a key being renewed, until it is stopped. */
interface Renewal {
  stop(): void;
}

/** Renews the lease when half of it is over, for at most `leaseMs`: what still hangs then is taken over. */
function startRenewal(record: LeasedRecord, lease: Required<LoggedLease>): Renewal {
  const stopping = new AbortController();
  void renewUntil(stopping.signal, record, lease);
  return { stop: () => stopping.abort() };
}

/** One renewal after the other: of two at once neither would know what the other has made of the lease. */
async function renewUntil(
  stopped: AbortSignal,
  record: LeasedRecord,
  { leaseMs, renewalMs, log }: Required<LoggedLease>,
): Promise<void> {
  const lastEndsAt = Date.now() + leaseMs;
  let waitMs = renewalMs / 2;
  while (record.leaseEndsAt < lastEndsAt) {
    await sleep(waitMs, undefined, { signal: stopped }).catch(() => {});
    if (stopped.aborted) return;
    try {
      const endsAt = Math.min(Date.now() + renewalMs, lastEndsAt);
      await record.renew(endsAt, AbortSignal.any([stopped, AbortSignal.timeout(renewalMs / 4)]));
      waitMs = renewalMs / 2;
    } catch (error) {
      if (stopped.aborted) return; // done meanwhile, and recorded as that
      log.warn('the lease of its key was not renewed', { error });
      if ((error as Error).name === 'ConditionalCheckFailedException') return;
      waitMs = renewalMs / 10; // while there is some of it left
    }
  }
}
