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
 * The status of every tracked job, for the API: it records new jobs and answers questions. The tracker records the
 * runs.
 */
export interface StatusStore {
  /** Records a job before it is published. When there is one with its ID already, changes nothing and gives that. */
  queue(job: NewJob): Promise<Queued>;
  /** Takes back a record whose message could not be published; only while it is queued. */
  forget(jobId: string): Promise<void>;
  get(jobId: string): Promise<JobStatus | undefined>;
  list(query: ListQuery): Promise<Listing>;
  /**
   * Queued and retrying jobs are cancelled; a running one is asked to stop (`isCancelRequested`); an end stays what it
   * is.
   * @returns the status after it; undefined where there is no such job
   */
  cancel(jobId: string): Promise<JobStatus | undefined>;
  /**
   * Found in its dead-letter queue without a word from its runs: dead, unless it went on meanwhile. Gives the status
   * after it.
   */
  foundDead(jobId: string, reason: FailureReason): Promise<JobStatus | undefined>;
  /** Whether it is the caller's to look at a job's dead letters: once for each number of them, of all who ask. */
  claimLook(jobName: string, letters: number): Promise<boolean>;
  /** A claimed look has failed: the next one may try. */
  dropLook(jobName: string): Promise<void>;
}

export interface NewJob {
  readonly jobId: string;
  readonly jobName: string;
  /** Whose job it is: only they see it, and it is in their list. */
  readonly owner?: string;
  readonly maxAttempts?: number;
  /** A hash of the request, to tell a replay from another job. */
  readonly requestHash?: string;
}

type Queued =
  | { readonly isNew: true }
  | { readonly isNew: false; readonly existing: JobStatus; readonly requestHash?: string };

/** @param options the table's name, and for a test its client and the time in epoch ms */
export function createStatusStore({ now = Date.now, ...options }: StatusTableOptions): StatusStore {
  const table = new StatusTable({ ...options, now });

  return {
    async queue(job) {
      const item = newItem(job, now());
      const written = await table.create(item);
      // The SDK repeats a write whose answer was lost, and is refused because of its own.
      if ('item' in written || written.refused?.runId === item.runId) return { isNew: true };
      const existing = written.refused && statusOf(written.refused, now());
      if (existing === undefined) return this.queue(job); // gone meanwhile
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
 * Changes an item as it is now; once more when somebody was faster.
 * @throws {Error} when somebody always is
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

/** Transitions that no delivery makes. Each is for the item as it was read, and refused where that has changed. */

/** What a wish to cancel makes of a job; undefined where it has ended, or is asked to already. */
function cancelling(item: StatusItem, nowMs: number): Change | undefined {
  if (item.state === 'queued' || item.state === 'retrying' || isLost(item, nowMs)) {
    return ended(item, 'cancelled', nowMs);
  }
  if (item.state !== 'running' || item.isCancelRequested) return undefined;
  const set = { isCancelRequested: true, updatedAt: new Date(nowMs).toISOString() };
  return change({ set, ...unchanged(item) });
}

/** What a dead letter makes of a job of which nothing else was heard; undefined where it runs, or has ended. */
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

/** A running job's progress is no change; that its lease was renewed is one. */
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
 * Looks at dead letters, of all the API's processes: an item for each job that says how many letters the last look was
 * for. Whoever finds another number there looks, and nobody else: each receive counts, and from the third on a letter is
 * none that CloudWatch counts the age of.
 * @returns whether it is the caller's to look
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

/** A claimed look has failed: the next one may try. */
async function dropLook({ client, name }: StatusTable, jobName: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName: name, Key: keyOf(jobName) }));
}

/** No job's ID has a control character. */
function keyOf(jobName: string): { readonly jobId: string } {
  return { jobId: `\u0001dead-letters/${jobName}` };
}
