import { durationSeconds } from '../job/duration.ts';
import type { FailureReason, JobState, JobStatus, Progress, StateChange } from '../job/jobStatus.ts';
import { statusDefaults } from './defaults.ts';

/** A job's item in the status table: its status, and what orders the deliveries of its messages. */
export interface StatusItem {
  readonly jobId: string;
  readonly jobName: string;
  readonly state: JobState;
  /** The index's partition: `<jobName>`, or `<owner>#<jobName>`. Written once, as `createdAt` is. */
  readonly listKey: string;
  readonly owner?: string;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
  /** Epoch seconds: when DynamoDB may remove it. */
  readonly expiresAt: number;
  readonly attempt?: number;
  readonly maxAttempts?: number;
  readonly progress?: Progress;
  /** JSON text: DynamoDB's own maps end at 32 levels, and its numbers are not JavaScript's. */
  readonly result?: string;
  readonly resultKey?: string;
  readonly reason?: FailureReason;
  readonly nextAttemptAt?: string;
  readonly isCancelRequested?: true;
  readonly history: readonly StateChange[];
  /** Of the delivery that moved the state last: an earlier one does not move it any more. */
  readonly sequence: string;
  /** The run that changed the state last; by this ID the run recognizes its own write. */
  readonly runId: string;
  /** Epoch ms: when a running job's process has died, if nothing was heard of it. */
  readonly leaseEndsAt?: number;
  /** What the API was asked, to tell a replay from another job. */
  readonly requestHash?: string;
}

/** What a listing reads: all that a status needs, without the result. */
export const listedAttributes = [
  ...['jobId', 'jobName', 'state', 'owner', 'createdAt', 'startedAt', 'updatedAt', 'endedAt', 'expiresAt'],
  ...['attempt', 'maxAttempts', 'progress', 'resultKey', 'reason', 'nextAttemptAt', 'isCancelRequested'],
  ...['history', 'leaseEndsAt'],
] as const;

/**
 * The status that an item tells at a moment; undefined where it has expired, since DynamoDB removes items up to two days
 * late. A running job whose lease is over is retrying: its process died, and SQS delivers its message again.
 */
export function statusOf(item: StatusItem, nowMs: number): JobStatus | undefined {
  if (isExpired(item, nowMs)) return undefined;
  const { listKey, sequence, runId, requestHash, leaseEndsAt, result, ...told } = item;
  const status: JobStatus = {
    ...told,
    ...(result === undefined ? {} : { result: JSON.parse(result) }),
    expiresAt: new Date(item.expiresAt * 1000).toISOString(),
    history: newest(item.history),
  };
  return isLost(item, nowMs) ? lost(status, leaseEndsAt as number) : status;
}

export function isExpired({ expiresAt }: Pick<StatusItem, 'expiresAt'>, nowMs: number): boolean {
  return expiresAt * 1000 <= nowMs;
}

/** Whether it says that it runs, and does not any more. */
export function isLost({ state, leaseEndsAt = 0 }: StatusItem, nowMs: number): boolean {
  return state === 'running' && leaseEndsAt <= nowMs;
}

/** In epoch seconds, for a status that changes now. */
export function expiryAfter(nowMs: number): number {
  return Math.ceil(nowMs / 1000) + durationSeconds(statusDefaults.retention);
}

export function listKeyOf(jobName: string, owner?: string): string {
  return owner === undefined ? jobName : `${owner}#${jobName}`;
}

/** The newest of a history, as many as are kept. */
export function newest(history: readonly StateChange[]): readonly StateChange[] {
  return history.slice(-statusDefaults.maxHistory);
}

function lost({ history, ...status }: JobStatus, leaseEndsAt: number): JobStatus {
  const change: StateChange = {
    state: 'retrying',
    at: new Date(leaseEndsAt).toISOString(),
    ...(status.attempt === undefined ? {} : { attempt: status.attempt }),
    reason: lostReason,
  };
  return { ...status, state: 'retrying', reason: lostReason, history: newest([...history, change]) };
}

const lostReason: FailureReason = {
  name: 'LostAttemptError',
  message: 'its process ended without an outcome: a crash, a timeout or out of memory',
};
