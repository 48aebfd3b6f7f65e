import type { JobContext } from '../job/context.ts';
import type { FailureReason, JobState, Progress, StateChange } from '../job/jobStatus.ts';
import { type JobMessage, publishedAt } from '../message/received.ts';
import { describeThrown } from '../runtime/thrown.ts';
import { statusDefaults } from './defaults.ts';
import { expiryAfter, listKeyOf, newest, type StatusItem } from './item.ts';
import { type Change, change } from './table.ts';

/**
 * The changes of a job's state that deliveries make. Each is one conditional write, which a late, duplicate or
 * out-of-order delivery is refused, so that no state goes back. `succeeded` and `cancelled` are final. Only a later
 * delivery, such as that of a redriven dead letter, leads out of `dead`. The first write of a job that was published
 * straight to the topic makes its record.
 */

/** The job runs. */
export function began(delivery: Delivery, nowMs: number, leaseEndsAt: number): Change {
  return moved(delivery, 'running', nowMs, {
    where: [`${isWanted} AND ${isNewer}`],
    set: { leaseEndsAt },
    assign: ['#startedAt = if_not_exists(#startedAt, :at)'],
    remove: ['progress', 'result', 'resultKey'],
  });
}

/** The job has succeeded. Any delivery may say so. */
export function succeeded(
  delivery: Delivery,
  nowMs: number,
  ends: { readonly result?: string; readonly resultKey?: string; readonly progress?: Progress | undefined },
): Change {
  return moved(delivery, 'succeeded', nowMs, {
    where: ['#state IN (:queued, :running, :retrying)'],
    set: { ...ends, endedAt: instant(nowMs) },
  });
}

/** What is recorded of a failed attempt. `history` is that of the record when the run began: a long one is cut. */
export interface Failure {
  readonly reason?: FailureReason;
  readonly progress?: Progress | undefined;
  readonly history?: readonly StateChange[] | undefined;
}

/** The job will be tried again. It is refused when somebody has cancelled the job. */
export function retrying(
  delivery: Delivery,
  nowMs: number,
  { nextAttemptAt, ...failure }: Failure & { readonly nextAttemptAt?: string | undefined },
): Change {
  return moved(delivery, 'retrying', nowMs, {
    where: isCurrent.map((condition) => `${isWanted} AND ${condition}`),
    set: { nextAttemptAt },
    failure,
  });
}

export function dead(delivery: Delivery, nowMs: number, failure: Failure): Change {
  return moved(delivery, 'dead', nowMs, { where: isCurrent, set: { endedAt: instant(nowMs) }, failure });
}

export function cancelled(delivery: Delivery, nowMs: number, failure: Failure = {}): Change {
  return moved(delivery, 'cancelled', nowMs, {
    where: isCurrent,
    set: { endedAt: instant(nowMs) },
    failure,
  });
}

/** The progress of the run that is recorded. */
export function progressed({ runId }: Delivery, nowMs: number, progress: Progress): Change {
  const set = { progress, updatedAt: instant(nowMs), expiresAt: expiryAfter(nowMs) };
  return change({ set, condition: isRunning, values: { runId, running: 'running' } });
}

/** The run that is recorded goes on: its lease is renewed. */
export function renewed({ runId }: Delivery, leaseEndsAt: number): Change {
  return change({ set: { leaseEndsAt }, condition: isRunning, values: { runId, running: 'running' } });
}

/** Why an attempt failed, short enough for a record. Anything may have been thrown. */
export function reasonOf(error: unknown): FailureReason {
  const { name, message } = describeThrown(error);
  return { name, message: cut(message, statusDefaults.maxReasonMessage) };
}

/** An entry of the history, with a shorter reason. */
export function stateChange(
  state: JobState,
  nowMs: number,
  { attempt, reason }: { attempt?: number; reason?: FailureReason | undefined } = {},
): StateChange {
  return {
    state,
    at: instant(nowMs),
    ...(attempt === undefined ? {} : { attempt }),
    ...(reason && { reason: { ...reason, message: cut(reason.message, statusDefaults.maxHistoryMessage) } }),
  };
}

/** Attributes that belong to one state, and are removed when it changes. */
export const passing: readonly (keyof StatusItem)[] = [
  'leaseEndsAt',
  'reason',
  'nextAttemptAt',
  'isCancelRequested',
  'endedAt',
];

interface Move {
  /**
   * One of these conditions must hold for an existing record. They have no
   * parentheses, with which a local DynamoDB is slow.
   */
  readonly where: readonly string[];
  readonly set?: Readonly<Record<string, unknown>>;
  readonly assign?: readonly string[];
  readonly remove?: readonly string[];
  readonly failure?: Failure;
}

function moved(
  delivery: Delivery,
  state: JobState,
  nowMs: number,
  { where, set, assign = [], remove = [], failure = {} }: Move,
): Change {
  const { createdAt, ...recorded } = delivery;
  const { reason, progress, history } = failure;
  const line = stateChange(state, nowMs, { attempt: delivery.attempt, reason });
  const isFull = history !== undefined && history.length >= statusDefaults.maxHistory;
  return change({
    set: {
      ...recorded,
      ...set,
      state,
      reason,
      progress: progress ?? set?.progress,
      updatedAt: instant(nowMs),
      expiresAt: expiryAfter(nowMs),
      history: isFull ? newest([...history, line]) : undefined,
    },
    assign: [
      '#createdAt = if_not_exists(#createdAt, :createdAt)',
      '#listKey = if_not_exists(#listKey, :listKey)',
      ...(isFull ? [] : ['#history = list_append(if_not_exists(#history, :none), :line)']),
      ...assign,
    ],
    remove: [...passing, ...remove],
    condition: [
      'attribute_not_exists(#jobId)',
      ...where.map((condition) => `${isThere} AND ${condition}`),
    ].join(' OR '),
    values: {
      ...states,
      at: instant(nowMs),
      now: Math.floor(nowMs / 1000),
      createdAt,
      listKey: listKeyOf(delivery.jobName),
      none: [],
      line: [line],
    },
  });
}

const isThere = '#jobName = :jobName AND #expiresAt > :now';

const isNewer = '#state IN (:queued, :running, :retrying, :dead) AND #sequence < :sequence';

const isRunning = '#runId = :runId AND #state = :running';

/** Holds for the run that is recorded as running, and for a newer one that ended before it could say that it runs. */
const isCurrent = [isRunning, isNewer];

const isWanted = 'attribute_not_exists(#isCancelRequested)';

const states = { queued: 'queued', running: 'running', retrying: 'retrying', dead: 'dead' };

/** A text cut to a length. A character that was cut in two is replaced, since the text must be UTF-8. */
function cut(text: string, maxLength: number): string {
  return text.slice(0, maxLength).toWellFormed();
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** One delivery of a job's message. */
export interface Delivery {
  readonly jobName: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  /**
   * The place in the order of a job's deliveries. These texts sort by when SQS got the message, and then by its receive
   * count. A redriven dead letter is a new message of SQS, which was sent later.
   */
  readonly sequence: string;
  /** A new ID for this run. */
  readonly runId: string;
  /** When the job was published, or, where the message does not say, sent to SQS. */
  readonly createdAt: string;
}

export function deliveryOf(
  message: JobMessage,
  { attempt, maxAttempts }: Pick<JobContext, 'attempt' | 'maxAttempts'>,
  jobName: string,
  nowMs: number,
): Delivery {
  const { record, receiveCount } = message;
  const sentAt = Number(record.attributes.SentTimestamp) || 0;
  return {
    jobName,
    attempt,
    maxAttempts,
    sequence: sequenceOf(sentAt, receiveCount),
    runId: crypto.randomUUID(),
    createdAt: instantOf(publishedAt(message)) ?? new Date(sentAt || nowMs).toISOString(),
  };
}

/** A place before every delivery. */
export const firstSequence = sequenceOf(0, 0);

function sequenceOf(sentAt: number, receiveCount: number): string {
  return `${String(sentAt).padStart(15, '0')}-${String(receiveCount).padStart(9, '0')}`;
}

/** The ISO instant in `publishedAt`. Undefined where another producer has put another text there. */
function instantOf(value = ''): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
