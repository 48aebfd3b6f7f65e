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
 * Does the work once for a key.
 * @returns the work's result, or the stored result when the work was done before
 * @throws {AlreadyRunningError} when the work is being done elsewhere. An error of the work is passed on and frees the
 *   key
 */
export type KeyedWork = (key: string, lease: LoggedLease, work: () => unknown) => Promise<unknown>;

interface LoggedLease extends Lease {
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
        // A retry would surely do the work twice. A duplicate message, which would do so now, may never come.
        log.warn('the job is done, but could not be remembered for idempotency', { error });
        return done.result;
      }
      throw isInProgress(error)
        ? new AlreadyRunningError(await leaseSeconds(store, key), { cause: error })
        : error;
    }
  };
}

/** Powertools' settings, with a lease. Without one, a crashed attempt would block its key until the record expires. */
function configWithLease(expiresAfterSeconds: number, leaseMs: number): IdempotencyConfig {
  return new IdempotencyConfig({
    expiresAfterSeconds,
    lambdaContext: { getRemainingTimeInMillis: () => leaseMs } as never,
  });
}

/**
 * A result as JSON text. As an item of DynamoDB it could be nested too deeply, or hold numbers that DynamoDB lacks.
 * Undefined for a result without JSON, or too large for an item (400 KB): it must not fail a finished job.
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

/** Whether the work is being done elsewhere, or was a moment ago: its record changed while it was read. */
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
 * The record of one run's key. It is the run's own while it has the lease that the run wrote. When the work throws, the
 * run deletes its own record and no other. A delete can be late, repeated by the SDK or sent by a process that was
 * frozen. It must not delete the record of another run that has taken over, or the work would be done twice.
 */
class LeasedRecord extends DynamoDBPersistenceLayer {
  readonly #tableName: string;
  readonly #client: DynamoDBClient;
  #id = '';
  /** The possible ends of the record's lease, in epoch ms. A renewal without an answer may or may not have been made. */
  #ends: readonly number[] = [];

  constructor(tableName: string, client: DynamoDBClient) {
    super({ tableName, awsSdkV3Client: client });
    this.#tableName = tableName;
    this.#client = client;
  }

  /** The end of the lease in epoch ms. Where a renewal got no answer, the latest possible one. */
  get leaseEndsAt(): number {
    return Math.max(...this.#ends);
  }

  /**
   * @param endsAt epoch ms
   * @throws {ConditionalCheckFailedException} when the work has been done meanwhile, or another run has taken over
   */
  async renew(endsAt: number, abortSignal: AbortSignal): Promise<void> {
    const before = this.#ends;
    // The new end is added first, because the SDK repeats a call whose answer was lost.
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

  /** The work is done, and must be remembered: tries beyond the SDK's three attempts, while there is time to report. */
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

  /** The item, under the condition that it is still this run's. */
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

/** The longest time before the end of its process at which a batch begins to be reported. */
const reportingMs = 3_000;

/** Whether trying again is pointless, as without the permission or the table. */
function isRefusal(error: unknown): boolean {
  const { name, $fault } = error as { name?: string; $fault?: 'client' | 'server' };
  return $fault === 'client' && !/Throttling|Throughput|RequestLimit/.test(String(name));
}

/** A lease that is being renewed until `stop` is called. */
interface Renewal {
  stop(): void;
}

/** Renews a lease each time when half of it is over, for at most `leaseMs`. After that another run may take over. */
function startRenewal(record: LeasedRecord, lease: Required<LoggedLease>): Renewal {
  const stopping = new AbortController();
  void renewUntil(stopping.signal, record, lease);
  return { stop: () => stopping.abort() };
}

/** Makes one renewal after the other: of two at once, neither would know which end the other has set. */
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
      if (stopped.aborted) return; // the work is done meanwhile
      log.warn('the lease of its key was not renewed', { error });
      if ((error as Error).name === 'ConditionalCheckFailedException') return;
      waitMs = renewalMs / 10; // soon, while the lease still runs
    }
  }
}
