import { filesBucket } from '../files/bucket.ts';
import { resultPrefix } from '../files/keys.ts';
import type { JobContext } from '../job/context.ts';
import type { Progress } from '../job/jobStatus.ts';
import type { JobMessage } from '../message/received.ts';
import { statusDefaults, trackingMs } from './defaults.ts';
import type { StatusItem } from './item.ts';
import type { Change, StatusTable, Written } from './table.ts';
import {
  began,
  cancelled,
  type Delivery,
  dead,
  deliveryOf,
  type Failure,
  progressed,
  reasonOf,
  renewed,
  retrying,
  succeeded,
} from './transitions.ts';

interface RecordParts {
  readonly jobName: string;
  readonly table: StatusTable;
  /** Epoch ms. */
  now(): number;
  /** For how many milliseconds the process surely lives. Infinity for a process that outlives its jobs. */
  leftMs(): number;
}

/**
 * A job's record, as one delivery of its message writes it. No method rejects, or takes longer
 * than there is time. A write that fails is logged.
 */
export class DynamoTrackerRecord {
  readonly #context: JobContext;
  readonly #parts: RecordParts;
  readonly #delivery: Delivery;
  /** The record as it was when the run began. */
  #item: StatusItem | undefined;
  /** Whether this delivery may still own the record. When a later delivery owns it, this one may only record success. */
  #isCurrent = true;
  /** Whether this delivery must not write the record any more. */
  #isOver = false;

  constructor(message: JobMessage, context: JobContext, parts: RecordParts) {
    this.#context = context;
    this.#parts = parts;
    this.#delivery = deliveryOf(message, context, parts.jobName, parts.now());
  }

  /**
   * Records that the job runs.
   * @returns how this delivery stands to the record, or undefined where that is not known. One that is `cancelled` must
   *   not run
   */
  async begin(leaseEndsAt: number): Promise<Standing | undefined> {
    // The job needs its time, so this call gets a third of it.
    const limitMs = Math.min(trackingMs.statusTimeout, this.#parts.leftMs() / 3);
    const written = await this.#write(
      'running',
      began(this.#delivery, this.#parts.now(), leaseEndsAt),
      limitMs,
    );
    if (written && 'item' in written) this.#item = written.item;
    if (written === undefined || 'item' in written || written.refused === undefined) return 'own';
    const { refused } = written;
    const standing = standingOf(refused, this.#delivery);
    if (standing === 'own') this.#item = refused;
    this.#isCurrent = standing === 'own' || standing === 'cancelled';
    this.#isOver = standing === 'done' || standing === 'foreign' || refused.state === 'cancelled';
    if (standing === 'foreign') {
      const fields = { otherJobName: refused.jobName };
      this.#context.log.warn('not tracked: a job of another name has the same jobId', fields);
    }
    return standing;
  }

  /** Records a progress. Gives the record after that, or the one that refused it; undefined where that is not known. */
  async progress(progress: Progress): Promise<StatusItem | undefined> {
    return this.#isCurrent
      ? this.#heard(await this.#write('progress', progressed(this.#delivery, this.#parts.now(), progress)))
      : undefined;
  }

  /** Renews the lease. Gives the record as `progress` does. */
  async renew(leaseEndsAt: number): Promise<StatusItem | undefined> {
    return this.#isCurrent
      ? this.#heard(await this.#write('running', renewed(this.#delivery, leaseEndsAt)))
      : undefined;
  }

  /** Reads the record. Undefined where it belongs to another job, or cannot be read. */
  async read(): Promise<StatusItem | undefined> {
    try {
      const item = await within(this.#limitMs, (signal) =>
        this.#parts.table.get(this.#context.jobId, { signal }),
      );
      return item?.jobName === this.#parts.jobName ? item : undefined;
    } catch (error) {
      this.#context.log.warn('its status was not read: whether it was cancelled is not known', { error });
      return undefined;
    }
  }

  async succeeded(result: unknown, progress: Progress | undefined): Promise<void> {
    if (this.#isOver) return;
    const stored = await this.#stored(result);
    await this.#write('succeeded', succeeded(this.#delivery, this.#parts.now(), { ...stored, progress }));
  }

  async retrying(
    error: unknown,
    progress: Progress | undefined,
    delaySeconds: number | undefined,
  ): Promise<void> {
    if (!this.#isCurrent) return;
    const now = this.#parts.now();
    const nextAttemptAt =
      delaySeconds === undefined ? undefined : new Date(now + delaySeconds * 1000).toISOString();
    const failure = { ...this.#failure(progress), reason: reasonOf(error), nextAttemptAt };
    const written = await this.#write('retrying', retrying(this.#delivery, now, failure));
    // The run failed before it heard that it was cancelled, and its next attempt would be refused.
    if (written && 'refused' in written && written.refused?.isCancelRequested) await this.cancelled(progress);
  }

  async dead(error: unknown, progress: Progress | undefined): Promise<void> {
    if (!this.#isCurrent) return;
    const failure = { ...this.#failure(progress), reason: reasonOf(error) };
    await this.#write('dead', dead(this.#delivery, this.#parts.now(), failure));
  }

  async cancelled(progress: Progress | undefined): Promise<void> {
    if (!this.#isCurrent) return;
    await this.#write('cancelled', cancelled(this.#delivery, this.#parts.now(), this.#failure(progress)));
  }

  #failure(progress: Progress | undefined): Failure {
    return { progress, history: this.#item?.history };
  }

  #heard(written: Written | undefined): StatusItem | undefined {
    if (written === undefined) return undefined;
    if ('item' in written) return written.item;
    this.#isCurrent = false;
    return written.refused;
  }

  async #stored(result: unknown): Promise<StoredResult> {
    const limitMs = Math.min(trackingMs.resultTimeout, this.#parts.leftMs());
    try {
      return await within(limitMs, (signal) => storedResult(result, this.#context, signal));
    } catch (error) {
      this.#context.log.warn('its result was not recorded: it counts as succeeded without one', { error });
      return {};
    }
  }

  async #write(what: string, change: Change, limitMs: number = this.#limitMs): Promise<Written | undefined> {
    if (this.#isOver) return undefined;
    try {
      return await within(limitMs, (signal) => this.#parts.table.update(this.#context.jobId, change, signal));
    } catch (error) {
      this.#context.log.warn(`its status was not recorded: ${what}`, { error });
      return undefined;
    }
  }

  get #limitMs(): number {
    return Math.min(trackingMs.statusTimeout, this.#parts.leftMs());
  }
}

/**
 * How a delivery stands to a record that refused to say that it runs.
 * - `own`: the record is this delivery's, since the SDK repeated the write
 * - `cancelled`: somebody has cancelled the job
 * - `foreign`: a job of another name has the same ID
 * - `done`: the job has succeeded
 * - `passed`: a later delivery has changed the record
 */
type Standing = 'own' | 'cancelled' | 'foreign' | 'done' | 'passed';

function standingOf(item: StatusItem, { jobName, runId }: Pick<Delivery, 'jobName' | 'runId'>): Standing {
  if (item.jobName !== jobName) return 'foreign';
  if (item.state === 'cancelled' || item.isCancelRequested) return 'cancelled';
  if (item.state === 'succeeded') return 'done';
  return item.runId === runId ? 'own' : 'passed';
}

/** A job's result in its record: JSON, or the key of a large result in S3. */
interface StoredResult {
  readonly result?: string;
  readonly resultKey?: string;
}

/**
 * Makes a result fit into the record. A large one is first put into the files bucket.
 * @throws {TypeError} when the result has no JSON. Errors of S3 are passed on
 */
async function storedResult(
  result: unknown,
  { jobName, jobId }: Pick<JobContext, 'jobName' | 'jobId'>,
  signal: AbortSignal,
): Promise<StoredResult> {
  if (result === undefined) return {};
  const json = JSON.stringify(result);
  if (json === undefined)
    throw new TypeError(`a ${typeof result} has no JSON: return an object, a text or nothing`);
  if (Buffer.byteLength(json) <= statusDefaults.maxInlineResultBytes) return { result: json };
  const { name: Bucket, client, sdk } = await filesBucket();
  const Key = `${resultPrefix(jobName, jobId).slice(0, -1)}.json`;
  const command = new sdk.PutObjectCommand({ Bucket, Key, Body: json, ContentType: 'application/json' });
  await client.send(command, { abortSignal: signal });
  return { resultKey: Key };
}

/** Aborts work that takes too long, and then rejects with a TimeoutError even if the work ignores its signal. */
async function within<T>(limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(Math.ceil(limitMs));
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work(signal), late]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
