import type { FailureReason, JobStatus } from '../job/jobStatus.ts';
import { burying, cancelling } from './byHand.ts';
import type { Change } from './change.ts';
import { firstSequence } from './delivery.ts';
import { expiryAfter, isExpired, listKeyOf, type StatusItem, statusOf } from './item.ts';
import { type Listing, type ListQuery, list } from './listing.ts';
import { claimLook, dropLook } from './looks.ts';
import { openStatusTable, type StatusTable, type StatusTableOptions } from './table.ts';
import { stateChange } from './transitions.ts';

export { InvalidCursorError } from './cursor.ts';
export type { Listing, ListQuery } from './listing.ts';

/** The status of every tracked job, for whoever schedules and asks. What becomes of their messages, the tracker says. */
export interface StatusStore {
  /** Records a job before it is published. When there is one with its ID already, changes nothing and gives that. */
  queue(job: NewJob): Promise<Queued>;
  /** Takes back a record whose message could not be published; only while it is queued. */
  forget(jobId: string): Promise<void>;
  get(jobId: string): Promise<JobStatus | undefined>;
  list(query: ListQuery): Promise<Listing>;
  /**
   * Queued and retrying jobs are cancelled; a running one is asked to stop (`isCancelRequested`); an end stays what it is.
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
  /** Of what was asked for, to tell a replay from another job. */
  readonly requestHash?: string;
}

export type Queued =
  | { readonly isNew: true }
  | { readonly isNew: false; readonly existing: JobStatus; readonly requestHash?: string };

/** @param options the table's name, and for a test its client and the time in epoch ms */
export function createStatusStore({ now = Date.now, ...options }: StatusTableOptions): StatusStore {
  const table = openStatusTable({ ...options, now });

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
