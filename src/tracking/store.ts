import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { FailureReason, JobState, JobStatus } from '../job/jobStatus.ts';
import { expiryAfter, isExpired, isLost, listKeyOf, type StatusItem, statusOf } from './item.ts';
import { type Listing, type ListQuery, list } from './listing.ts';
import { type Change, change, StatusTable, type StatusTableOptions } from './table.ts';
import { firstSequence, passing, stateChange } from './transitions.ts';

export type { Listing, ListQuery } from './listing.ts';
export { InvalidCursorError } from './listing.ts';

/**
 * The statuses of all tracked jobs, for the API: it records new jobs, reads and cancels. The tracker records the runs.
 */
export interface StatusStore {
  /**
   * Records a job before it is published. Where a job with its ID exists already,
   * it changes nothing and gives that job.
   */
  queue(job: NewJob): Promise<Queued>;
  /** Removes the record of a job that could not be published. Only a queued job's record is removed. */
  forget(jobId: string): Promise<void>;
  /** Undefined when there is no such job. */
  get(jobId: string): Promise<JobStatus | undefined>;
  list(query: ListQuery): Promise<Listing>;
  /**
   * Cancels a queued or retrying job, and asks a running one to stop (`isCancelRequested`). A job that has ended is not
   * changed.
   * @returns the status after that; undefined when there is no such job
   */
  cancel(jobId: string): Promise<JobStatus | undefined>;
  /**
   * Records that a job was found in its dead-letter queue, unless it has gone on meanwhile.
   * @returns the status after that; undefined when there is no such job
   */
  foundDead(jobId: string, reason: FailureReason): Promise<JobStatus | undefined>;
  /**
   * Whether the caller shall look at a job's dead letters. Of all callers one gets
   * true, once for each number of letters.
   */
  claimLook(jobName: string, letters: number): Promise<boolean>;
  /** Gives a claimed look back because it has failed, so that the next caller may look. */
  dropLook(jobName: string): Promise<void>;
}

/** A job to record. */
export interface NewJob {
  readonly jobId: string;
  readonly jobName: string;
  /** The owner: nobody else sees the job, and it is in the owner's list. */
  readonly owner?: string;
  readonly maxAttempts?: number;
  /** A hash of the request, which tells a replay from another job. */
  readonly requestHash?: string;
}

type Queued =
  | { readonly isNew: true }
  | { readonly isNew: false; readonly existing: JobStatus; readonly requestHash?: string };

/** @param options the table's name. A test also gives a client and a clock in epoch ms */
export function createStatusStore({ now = Date.now, ...options }: StatusTableOptions): StatusStore {
  const table = new StatusTable({ ...options, now });

  return {
    async queue(job) {
      const item = newItem(job, now());
      const written = await table.create(item);
      // The SDK repeats a write whose answer was lost, and is then refused because of its own first write.
      if ('item' in written || written.refused?.runId === item.runId) return { isNew: true };
      const existing = written.refused && statusOf(written.refused, now());
      if (existing === undefined) return this.queue(job); // it has expired meanwhile
      const { requestHash } = written.refused as StatusItem;
      return { isNew: false, existing, ...(requestHash === undefined ? {} : { requestHash }) };
    },

    forget: (jobId) => table.remove(jobId, 'queued'),

    async get(jobId) {
      const item = await table.get(jobId);
      return item && statusOf(item, now());
    },

    list: (query) => list(table, query, now),

    cancel: (jobId) => changed(table, jobId, (item) => cancelling(item, now()), now),

    foundDead: (jobId, reason) => changed(table, jobId, (item) => burying(item, reason, now()), now),

    claimLook: (jobName, letters) => claimLook(table, jobName, letters, now()),

    dropLook: (jobName) => dropLook(table, jobName),
  };
}

function newItem({ jobId, jobName, owner, maxAttempts, requestHash }: NewJob, nowMs: number): StatusItem {
  const at = new Date(nowMs).toISOString();
  return {
    jobId,
    jobName,
    state: 'queued',
    listKey: listKeyOf(jobName, owner),
    createdAt: at,
    updatedAt: at,
    expiresAt: expiryAfter(nowMs),
    history: [stateChange('queued', nowMs)],
    runId: crypto.randomUUID(),
    sequence: firstSequence,
    ...(owner === undefined ? {} : { owner }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(requestHash === undefined ? {} : { requestHash }),
  };
}

/**
 * Reads an item and changes it, again and again while others change it in between.
 * @throws {Error} when others change it each time
 */
async function changed(
  table: StatusTable,
  jobId: string,
  changeOf: (item: StatusItem) => Change | undefined,
  now: () => number,
): Promise<JobStatus | undefined> {
  for (let tries = 1; tries <= maxTries; tries++) {
    const item = await table.get(jobId);
    if (item === undefined || isExpired(item, now())) return undefined;
    const change = changeOf(item);
    if (change === undefined) return statusOf(item, now());
    const written = await table.update(jobId, change);
    if ('item' in written) return statusOf(written.item, now());
  }
  throw new Error(`${jobId} changed all the time and could not be changed: try again`);
}

const maxTries = 20;

// The following changes are made by no delivery. Each is for the item as it was read, and refused if that has changed.

/** The change that cancels a job. Undefined where the job has ended, or was asked to stop already. */
function cancelling(item: StatusItem, nowMs: number): Change | undefined {
  if (item.state === 'queued' || item.state === 'retrying' || isLost(item, nowMs)) {
    return ended(item, 'cancelled', nowMs);
  }
  if (item.state !== 'running' || item.isCancelRequested) return undefined;
  const set = { isCancelRequested: true, updatedAt: new Date(nowMs).toISOString() };
  return change({ set, ...unchanged(item) });
}

/** The change for a job that was found as a dead letter. Undefined where the job runs or has ended. */
function burying(item: StatusItem, reason: FailureReason, nowMs: number): Change | undefined {
  const isSilent = item.state === 'queued' || item.state === 'retrying' || isLost(item, nowMs);
  return isSilent ? ended(item, 'dead', nowMs, reason) : undefined;
}

function ended(item: StatusItem, state: JobState, nowMs: number, reason?: FailureReason): Change {
  const at = new Date(nowMs).toISOString();
  return change({
    set: { state, reason, updatedAt: at, endedAt: at, expiresAt: expiryAfter(nowMs) },
    assign: ['#history = list_append(#history, :line)'],
    remove: passing,
    ...unchanged(item, { line: [stateChange(state, nowMs, { reason })] }),
  });
}

/** The condition that an item's state, run and lease are as they were read. Its progress may have changed. */
function unchanged({ state: before, runId, leaseEndsAt }: StatusItem, values: Record<string, unknown> = {}) {
  return {
    condition: [
      '#state = :before',
      '#runId = :runId',
      leaseEndsAt === undefined ? 'attribute_not_exists(#leaseEndsAt)' : '#leaseEndsAt = :leaseEndsAt',
    ].join(' AND '),
    values: { ...values, before, runId, leaseEndsAt },
  };
}

/**
 * Claims the look at a job's dead letters among all processes of the API. An item for each job has the number of
 * letters at the last look, and a process that finds another number may look. Looks must be rare, because each one
 * receives the letters, and CloudWatch ignores the age of a letter from its third receive on.
 * @returns whether the caller shall look
 */
async function claimLook(
  { client, name }: StatusTable,
  jobName: string,
  letters: number,
  nowMs: number,
): Promise<boolean> {
  const command = new PutCommand({
    TableName: name,
    Item: { ...keyOf(jobName), letters, expiresAt: expiryAfter(nowMs) },
    ConditionExpression: 'attribute_not_exists(jobId) OR letters <> :letters OR expiresAt <= :now',
    ExpressionAttributeValues: { ':letters': letters, ':now': Math.floor(nowMs / 1000) },
  });
  try {
    await client.send(command);
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Gives a claimed look back. */
async function dropLook({ client, name }: StatusTable, jobName: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName: name, Key: keyOf(jobName) }));
}

/** The key of the item for a job's dead letters. It cannot be a job's ID, which has no control characters. */
function keyOf(jobName: string): { readonly jobId: string } {
  return { jobId: `\u0001dead-letters/${jobName}` };
}
