import type { JobContext } from '../job/context.ts';
import type { FailureReason, JobState, Progress, StateChange } from '../job/jobStatus.ts';
import { type JobMessage, publishedAt } from '../message/received.ts';
import { describeThrown } from '../runtime/thrown.ts';
import { statusDefaults } from './defaults.ts';
import { expiryAfter, listKeyOf, newest, type StatusItem } from './item.ts';
import { type Change, change } from './table.ts';

/**
 * The transitions of a job's state that its deliveries make, each one conditional write: a late, duplicate or
 * out-of-order delivery is refused, so that no state goes back. `succeeded` and `cancelled` are final; out of `dead`
 * leads only a later delivery, such as of a redriven dead letter. A job that was published straight to the topic gets
 * its record by the first of them.
 */
export function began(delivery: Delivery, nowMs: number, leaseEndsAt: number): Change {
  return moved(delivery, 'running', nowMs, {
    where: [`${isWanted} AND ${isNewer}`],
    set: { leaseEndsAt },
    assign: ['#startedAt = if_not_exists(#startedAt, :at)'],
    remove: ['progress', 'result', 'resultKey'],
  });
}

/** By whichever delivery: that the job is done is true all the same. */
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

/** What an attempt that failed says. `history` is known to the delivery that began: it cuts what has become too long. */
export interface Failure {
  readonly reason?: FailureReason;
  readonly progress?: Progress | undefined;
  readonly history?: readonly StateChange[] | undefined;
}

/** Refused where somebody wants the job cancelled. */
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

/** How far the run that is recorded is. */
export function progressed({ runId }: Delivery, nowMs: number, progress: Progress): Change {
  const set = { progress, updatedAt: instant(nowMs), expiresAt: expiryAfter(nowMs) };
  return change({ set, condition: isRunning, values: { runId, running: 'running' } });
}

/** The run that is recorded goes on. */
export function renewed({ runId }: Delivery, leaseEndsAt: number): Change {
  return change({ set: { leaseEndsAt }, condition: isRunning, values: { runId, running: 'running' } });
}

/** Why an attempt failed, short enough for a record. Anything may have been thrown. */
export function reasonOf(error: unknown): FailureReason {
  const { name, message } = describeThrown(error);
  return { name, message: cut(message, statusDefaults.maxReasonMessage) };
}

/** A line of the history: its reason is shorter there. */
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

/** Attributes that belong to one state, and go with it. */
export const passing: readonly (keyof StatusItem)[] = [
  'leaseEndsAt',
  'reason',
  'nextAttemptAt',
  'isCancelRequested',
  'endedAt',
];

interface Move {
  /** One of these must hold for a record that is there. Flat, since a local DynamoDB is slow with parentheses. */
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

/** The delivery that is recorded as running, or a newer one that ends before it could say that it runs. */
const isCurrent = [isRunning, isNewer];

const isWanted = 'attribute_not_exists(#isCancelRequested)';

const states = { queued: 'queued', running: 'running', retrying: 'retrying', dead: 'dead' };

/** What is cut in the middle of a character must still be UTF-8. */
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
   * Orders the deliveries of a job, as a text: by when SQS got the message, then by its receive count. A redriven dead
   * letter is a new message of SQS, sent later.
   */
  readonly sequence: string;
  /** Of this run alone. */
  readonly runId: string;
  /** When the job was published, as far as anybody said. */
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

/** Before every delivery. */
export const firstSequence = sequenceOf(0, 0);

function sequenceOf(sentAt: number, receiveCount: number): string {
  return `${String(sentAt).padStart(15, '0')}-${String(receiveCount).padStart(9, '0')}`;
}

/** Any producer may have written it. */
function instantOf(value = ''): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
