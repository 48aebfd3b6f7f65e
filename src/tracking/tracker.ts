import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { JobContext } from '../job/context.ts';
import { CancelledError } from '../job/errors.ts';
import type { Progress } from '../job/jobStatus.ts';
import { attempt } from '../runtime/attempt.ts';
import type { Run } from '../runtime/batch.ts';
import { AlreadyRunningError } from '../runtime/once.ts';
import type { Outcome } from '../runtime/outcome.ts';
import type { TrackedSurroundings, Tracker } from '../runtime/tracker.ts';
import { statusDefaults, trackingMs } from './defaults.ts';
import type { StatusItem } from './item.ts';
import { DynamoTrackerRecord } from './record.ts';
import { StatusTable } from './table.ts';
import { repeat, systemTimerClock, Throttle, type TimerClock } from './throttle.ts';

interface DynamoTrackerOptions {
  /** @default `JOB_STATUS_TABLE` */
  readonly tableName?: string | undefined;
  readonly client?: DynamoDBClient | undefined;
  readonly clock?: TimerClock;
}

/**
 * Records a job's states in the platform's status table, and its large results in the files bucket. Only bundles of
 * tracked jobs contain this file. It reads the environment variables `JOB_STATUS_TABLE` and `JOB_FILES_BUCKET`, which
 * the stack sets.
 */
export function dynamoTracker(
  jobName: string,
  {
    tableName = process.env.JOB_STATUS_TABLE ?? '',
    client,
    clock = systemTimerClock,
  }: DynamoTrackerOptions = {},
): Tracker {
  const parts = { jobName, table: new StatusTable({ tableName, client, now: clock.now }), clock };
  const runs = new WeakMap<JobContext, DynamoTrackerRun>();
  return {
    attempt(run, surroundings) {
      const tracked = new DynamoTrackerRun(run, surroundings, parts);
      runs.set(run.context, tracked);
      return tracked.attempt();
    },

    async settled(ended, kept, refused) {
      const settling = ended.map(({ context, message, outcome }) => {
        const { messageId } = message.record;
        const isDelayed = refused?.has(messageId) !== true;
        return runs.get(context)?.settled(outcome, { isKept: kept.includes(messageId), isDelayed });
      });
      await Promise.all(settling);
    },

    async left(ended) {
      await Promise.all(ended.map(({ context }) => runs.get(context)?.left()));
    },
  };
}

/** What all runs of a job share. */
interface TrackerParts {
  readonly jobName: string;
  readonly table: StatusTable;
  readonly clock: TimerClock;
}

/** Tracks one run of one message: its attempt, its progress, and whether somebody cancels the job. */
class DynamoTrackerRun {
  readonly #run: Run;
  readonly #surroundings: TrackedSurroundings;
  readonly #clock: TimerClock;
  readonly #record: DynamoTrackerRecord;
  readonly #endsAt: number;
  readonly #cancelling = new AbortController();
  /** The context that the job gets. */
  readonly #context: JobContext;
  readonly #throttle: Throttle<Progress>;
  readonly #writes = new Set<Promise<unknown>>();
  readonly #stops: (() => void)[] = [];
  #hasBegun = false;
  #lastHeardAt = 0;
  /** The newest progress that was not written. It is written with the run's end. */
  #progress: Progress | undefined;

  constructor(run: Run, surroundings: TrackedSurroundings, { jobName, table, clock }: TrackerParts) {
    const { message, context } = run;
    const { now } = clock;
    this.#run = run;
    this.#surroundings = surroundings;
    this.#clock = clock;
    this.#endsAt = Math.round(now() + surroundings.deadline.remainingMs());
    const livesOn = surroundings.renewalMs !== undefined;
    const leftMs = (): number =>
      livesOn ? Number.POSITIVE_INFINITY : Math.max(this.#endsAt - now() - reserveMs, 1);
    this.#record = new DynamoTrackerRecord(message, context, { jobName, table, now, leftMs });
    this.#throttle = new Throttle(
      (progress) => this.#noted(this.#say(progress)),
      trackingMs.progressInterval,
      clock,
    );
    this.#context = {
      ...context,
      signal: AbortSignal.any([context.signal, this.#cancelling.signal]),
      progress: (fraction, text) => this.#throttle.push(progressOf(fraction, text, now())),
    };
  }

  /**
   * Runs the attempt, and records its success or cancellation as soon as it ends, unless its batch was reported before.
   */
  attempt(): Promise<Outcome> {
    const surroundings = { ...this.#surroundings, beforeRun: () => this.#begin() };
    const attempted = attempt(this.#run.message, this.#context, surroundings);
    return Promise.race([attempted.then((outcome) => this.#ended(outcome)), this.#cancelledAtDeadline()]);
  }

  /** Records a retry or a death that SQS has taken. Resolves when everything about this run is recorded. */
  async settled(
    outcome: Outcome,
    { isKept, isDelayed }: { isKept: boolean; isDelayed: boolean },
  ): Promise<void> {
    this.#stop();
    if (outcome.kind === 'retry' && !this.#isDuplicate(outcome.error)) {
      const delaySeconds = isDelayed ? outcome.delaySeconds : undefined;
      void this.#noted(this.#record.retrying(outcome.error, this.#progress, delaySeconds));
    }
    if (outcome.kind === 'dead' && !isKept)
      void this.#noted(this.#record.dead(outcome.error, this.#progress));
    await this.left();
  }

  /** Writes no more. Resolves when all writes have ended. */
  async left(): Promise<void> {
    this.#stop();
    await Promise.all(this.#writes);
  }

  /**
   * @throws {CancelledError} when somebody has cancelled the job. Throws the signal's reason when it is too late to run
   */
  async #begin(): Promise<void> {
    const { renewalMs = Number.POSITIVE_INFINITY } = this.#surroundings;
    this.#lastHeardAt = this.#clock.now();
    const standing = await this.#record.begin(
      Math.min(Math.round(this.#lastHeardAt + renewalMs), this.#endsAt),
    );
    this.#hasBegun = true;
    if (standing === 'cancelled') this.#cancelling.abort(new CancelledError());
    this.#context.signal.throwIfAborted();
    if (standing === 'done' || standing === 'foreign') return;
    this.#stops.push(repeat(pollCheckMs, () => this.#poll(), this.#clock));
    if (Number.isFinite(renewalMs)) {
      this.#stops.push(repeat(renewalMs / 2, () => this.#renew(renewalMs), this.#clock));
    }
  }

  async #ended(outcome: Outcome): Promise<Outcome> {
    const isFailure = outcome.kind === 'retry' || outcome.kind === 'dead';
    const ended: Outcome =
      isFailure && (await this.#wasCancelled(outcome.error)) ? { kind: 'cancelled' } : outcome;
    if (this.#run.outcome !== undefined) return ended;
    this.#stop();
    if (ended.kind === 'succeeded') void this.#noted(this.#record.succeeded(ended.result, this.#progress));
    if (ended.kind === 'cancelled') void this.#noted(this.#record.cancelled(this.#progress));
    return ended;
  }

  /** Whether the job was cancelled. An attempt that failed before it began has to read that. */
  async #wasCancelled(error: unknown): Promise<boolean> {
    if (this.#hasBegun || this.#cancelling.signal.aborted) return this.#cancelling.signal.aborted;
    const item = await this.#record.read();
    // Another run of the same job, if there is one, is told to stop. A duplicate does not decide.
    return item?.state === 'cancelled' || (item?.isCancelRequested === true && !this.#isDuplicate(error));
  }

  /** Whether this run waits for the same job: that other run writes the record. */
  #isDuplicate(error: unknown): boolean {
    return !this.#hasBegun && error instanceof AlreadyRunningError;
  }

  /** Resolves at the deadline of a run that ignores that it was cancelled, so that it is not tried again. */
  #cancelledAtDeadline(): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const { signal } = this.#run.context;
    const check = (): void => {
      if (this.#cancelling.signal.aborted) resolve(this.#ended({ kind: 'cancelled' }));
    };
    signal.addEventListener('abort', check, { once: true });
    this.#stops.push(() => signal.removeEventListener('abort', check));
    return promise;
  }

  async #say(progress: Progress): Promise<void> {
    this.#heard(await this.#record.progress(progress));
  }

  async #renew(renewalMs: number): Promise<void> {
    this.#heard(await this.#record.renew(Math.min(Math.round(this.#clock.now() + renewalMs), this.#endsAt)));
  }

  async #poll(): Promise<void> {
    if (this.#clock.now() - this.#lastHeardAt <= trackingMs.cancelPoll - pollCheckMs) return;
    this.#heard(await this.#record.read());
  }

  /** Every item that was read or written tells whether somebody has cancelled the job. */
  #heard(item: StatusItem | undefined): void {
    if (item === undefined) return;
    this.#lastHeardAt = this.#clock.now();
    if (item.state === 'cancelled' || item.isCancelRequested) this.#cancelling.abort(new CancelledError());
  }

  #stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#progress = this.#throttle.close() ?? this.#progress;
  }

  #noted(writing: Promise<unknown>): Promise<unknown> {
    this.#writes.add(writing);
    void writing.then(() => this.#writes.delete(writing));
    return writing;
  }
}

/** How often it is checked whether the record must be read: any write in between counts as a read. */
const pollCheckMs = trackingMs.cancelPoll / 4;

/** The time that is kept for reporting the batch before the process is killed. */
const reserveMs = 100;

/**
 * The progress that a job reports, with its text cut. A fraction above 1 by a rounding error counts as 1.
 * @throws {RangeError} when the fraction is not from 0 to 1, which is a mistake in the job
 */
function progressOf(fraction: number, text: string | undefined, nowMs: number): Progress {
  if (!(fraction >= 0 && fraction <= 1 + Number.EPSILON * 1024)) {
    throw new RangeError(
      `progress must be 0 to 1, was ${String(fraction)}: give the share that is done, such as done / total`,
    );
  }
  const at = new Date(nowMs).toISOString();
  return {
    fraction: Math.min(fraction, 1),
    ...(text === undefined ? {} : { text: shortened(String(text)) }),
    at,
  };
}

/** The text cut to whole characters. */
function shortened(text: string): string {
  const { maxProgressText } = statusDefaults;
  return [...text.slice(0, 2 * maxProgressText)].slice(0, maxProgressText).join('').toWellFormed();
}
