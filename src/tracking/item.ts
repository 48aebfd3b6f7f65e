import { durationSeconds } from '../job/duration.ts';
import type { FailureReason, JobState, JobStatus, Progress, StateChange } from '../job/jobStatus.ts';
import { statusDefaults } from './defaults.ts';

/** A job's item in the status table. It has the job's status, and what tells the order of deliveries. */
export interface StatusItem {
  readonly jobId: string;
  readonly jobName: string;
  readonly state: JobState;
  /** The partition in the index: `<jobName>`, or `<owner>#<jobName>`. It is written once, as `createdAt` is. */
  readonly listKey: string;
  readonly owner?: string;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
  /** When DynamoDB may remove the item, in epoch seconds. */
  readonly expiresAt: number;
  readonly attempt?: number;
  readonly maxAttempts?: number;
  readonly progress?: Progress;
  /** As JSON text: DynamoDB's maps have at most 32 levels, and its numbers are not JavaScript's. */
  readonly result?: string;
  readonly resultKey?: string;
  readonly reason?: FailureReason;
  readonly nextAttemptAt?: string;
  readonly isCancelRequested?: true;
  readonly history: readonly StateChange[];
  /**
   * The place in the order of deliveries of the one that changed the state last.
   * An earlier delivery does not change it.
   */
  readonly sequence: string;
  /** The ID of the run that changed the state last, by which the run recognizes its own write. */
  readonly runId: string;
  /** The end of a running job's lease, in epoch ms. A process that has not renewed it by then has died. */
  readonly leaseEndsAt?: number;
  /** The hash of the API's request, which tells a replay from another job. */
  readonly requestHash?: string;
}

/** The attributes that a listing reads: all of a status but the result. */
export const listedAttributes = [
  ...['jobId', 'jobName', 'state', 'owner', 'createdAt', 'startedAt', 'updatedAt', 'endedAt', 'expiresAt'],
  ...['attempt', 'maxAttempts', 'progress', 'resultKey', 'reason', 'nextAttemptAt', 'isCancelRequested'],
  ...['history', 'leaseEndsAt'],
] as const;

/**
 * The status in an item at a time. Undefined when the item has expired: DynamoDB removes items up to two days late. A
 * running job whose lease has ended is shown as retrying, because its process died and SQS delivers its message again.
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

/** Whether an item says that its job runs although its process has died. */
export function isLost({ state, leaseEndsAt = 0 }: StatusItem, nowMs: number): boolean {
  return state === 'running' && leaseEndsAt <= nowMs;
}

/** When a status that changes now expires, in epoch seconds. */
export function expiryAfter(nowMs: number): number {
  return Math.ceil(nowMs / 1000) + durationSeconds(statusDefaults.retention);
}

export function listKeyOf(jobName: string, owner?: string): string {
  return owner === undefined ? jobName : `${owner}#${jobName}`;
}

/** The newest states of a history, as many as are kept. */
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
