import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSClientConfig } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { AnyJob } from '../job/defineJob.ts';
import { durationSeconds } from '../job/duration.ts';
import { visibilityTimeoutSeconds as visibilityTimeoutOf } from '../job/visibilityTimeout.ts';
import { jobLogger, type MessageLogger } from '../runtime/log.ts';
import type { Once } from '../runtime/once.ts';
import type { EndedRun } from '../runtime/settle.ts';
import type { Tracker } from '../runtime/tracker.ts';
import { WorkerStoppedError } from './errors.ts';
import { Heartbeats } from './heartbeats.ts';
import { backoffMs, isAboutCredentials, Outage } from './outage.ts';
import { sqsWorkerQueue, type WorkerQueue } from './queue.ts';
import { giveBack, type MessageRunSurroundings, startMessageRun, timeoutMs } from './run.ts';
import { workerDefaults } from './settings.ts';
import { Slots } from './slots.ts';

export interface WorkerOptions {
  readonly job: AnyJob;
  readonly name: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** Messages that run at the same time, 1 to 1000. @default workerDefaults.concurrency */
  readonly concurrency?: number | undefined;
  /** How long running jobs may go on after `stop`. @default workerDefaults.stopTimeout */
  readonly stopTimeoutMs?: number | undefined;
  /** How long a received message stays invisible, until a heartbeat. @default what the stack gives the job's queue */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** How much faster than on AWS visibility timeouts pass, as a local platform may have it. @default 1 */
  readonly sqsSpeed?: number | undefined;
  /** Where the job asks for idempotency. */
  readonly once?: Once | undefined;
  /** Where the job asks for tracking. */
  readonly tracker?: Tracker | undefined;
  /** Stands in dead letters. */
  readonly codeVersion?: string | undefined;
  /** @default JSON lines as in Lambda */
  readonly logger?: MessageLogger | undefined;
  /** As for the AWS SDK. @default what the environment says */
  readonly clientConfig?: SQSClientConfig | undefined;
  /** Hears of every run that has been settled. */
  onSettled?(run: EndedRun): void;
  /** Hears how many messages are in hand whenever that changes. */
  onInFlight?(count: number): void;
}

/** A job's queue being consumed, until it is stopped. */
export interface Worker {
  readonly jobName: string;
  /** Receives no more, lets running jobs finish until the stop timeout, then aborts them. Never rejects. */
  stop(): Promise<void>;
  health(): WorkerHealth;
  /** Resolves when the worker has stopped; how many messages it had to leave to their visibility timeout. */
  readonly done: Promise<{ readonly unfinished: number }>;
}

/** Times are epoch ms. */
export interface WorkerHealth {
  readonly inFlight: number;
  readonly concurrency: number;
  readonly isStopping: boolean;
  /** The last receive that SQS answered; undefined before the first. */
  readonly lastPollAt: number | undefined;
  /** Since when every receive fails; undefined while they work. */
  readonly failingSince: number | undefined;
}

/** Consumes a job's queue: long polls, runs messages by the code that Lambda uses, and acknowledges them in batches. */
export function startWorker(options: WorkerOptions): Worker {
  return new QueueWorker(options);
}

class QueueWorker implements Worker {
  readonly jobName: string;
  readonly done: Promise<{ readonly unfinished: number }>;
  readonly #concurrency: number;
  readonly #stopTimeoutMs: number;
  readonly #surroundings: MessageRunSurroundings;
  readonly #onSettled: WorkerOptions['onSettled'];
  readonly #onInFlight: WorkerOptions['onInFlight'];
  readonly #receiving: Outage;
  readonly #slots: Slots;
  readonly #runs = new Set<RunInFlight>();
  readonly #stopping = new AbortController();
  /** Resolves when there may be more to receive than one poller can. */
  #backlog = Promise.withResolvers<void>();
  #hasBacklog = false;
  #lastPollAt: number | undefined;
  #stopByMs = Number.POSITIVE_INFINITY;

  constructor(options: WorkerOptions) {
    this.jobName = options.name;
    this.#concurrency = options.concurrency ?? workerDefaults.concurrency;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? durationSeconds(workerDefaults.stopTimeout) * 1000;
    this.#surroundings = surroundingsOf(options);
    this.#onSettled = options.onSettled;
    this.#onInFlight = options.onInFlight;
    this.#receiving = new Outage('receiving', this.#surroundings.logger);
    this.#slots = new Slots(this.#concurrency);
    const pollers = Array.from({ length: Math.ceil(this.#concurrency / largestReceive) }, (_, index) =>
      this.#poll(index === 0),
    );
    this.done = this.#end(Promise.all(pollers));
  }

  async stop(): Promise<void> {
    if (!this.#isStopping) {
      this.#stopByMs = performance.now() + this.#stopTimeoutMs;
      this.#stopping.abort();
      this.#slots.wake();
      this.#backlog.resolve();
    }
    await this.done;
  }

  health(): WorkerHealth {
    return {
      inFlight: this.#runs.size,
      concurrency: this.#concurrency,
      isStopping: this.#isStopping,
      lastPollAt: this.#lastPollAt,
      failingSince: this.#receiving.sinceMs ?? this.#surroundings.deleting.sinceMs,
    };
  }

  /** Nothing is received that cannot run at once. All pollers but the first rest while one is enough. */
  async #poll(isFirst: boolean): Promise<void> {
    let failures = 0;
    while (!this.#isStopping) {
      if (!isFirst && !this.#hasBacklog) {
        await this.#backlog.promise;
        continue;
      }
      const slots = await this.#slots.take(largestReceive);
      const records = this.#isStopping || slots === 0 ? [] : await this.#receive(slots);
      this.#slots.free(slots - (records?.length ?? 0));
      for (const record of records ?? []) this.#start(record);
      failures = records === undefined ? failures + 1 : 0;
      if (failures > 0) await this.#pause(backoffMs(failures, longestPauseMs));
    }
  }

  /** @returns undefined when SQS did not answer */
  async #receive(maxMessages: number): Promise<SQSRecord[] | undefined> {
    try {
      // Never longer than the stop timeout: an aborted poll could take messages that nobody gets.
      const waitSeconds = Math.min(longestPollSeconds, Math.floor(this.#stopTimeoutMs / 1000));
      const records = await this.#surroundings.queue.receive(maxMessages, waitSeconds);
      this.#lastPollAt = Date.now();
      this.#receiving.succeeded();
      this.#noteBacklog(records.length === maxMessages);
      return records;
    } catch (error) {
      this.#receiving.failed(error);
      if (isAboutCredentials(error)) this.#surroundings.queue.renewCredentials();
      return undefined;
    }
  }

  /** Ends early at a stop. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #noteBacklog(hasBacklog: boolean): void {
    if (hasBacklog && !this.#hasBacklog) {
      this.#backlog.resolve();
      this.#backlog = Promise.withResolvers();
    }
    this.#hasBacklog = hasBacklog;
  }

  /** What a poll in flight brings after a stop is still run where there is time for it. */
  #start(record: SQSRecord): void {
    const hasTime = performance.now() + timeoutMs(this.#surroundings.job) <= this.#stopByMs;
    const run = hasTime ? startMessageRun(record, this.#surroundings) : this.#release(record);
    this.#runs.add(run);
    this.#onInFlight?.(this.#runs.size);
    void run.settled.then((ended) => {
      this.#runs.delete(run);
      this.#onInFlight?.(this.#runs.size);
      this.#slots.free(1);
      if (ended) this.#onSettled?.(ended);
    });
  }

  #release(record: SQSRecord): RunInFlight {
    return { abort: () => {}, settled: giveBack(record, this.#surroundings).then(() => undefined) };
  }

  async #end(polling: Promise<unknown>): Promise<{ readonly unfinished: number }> {
    await new Promise((resolve) => this.#stopping.signal.addEventListener('abort', resolve));
    const idle = this.#idle(polling);
    if (!(await isWithin(this.#stopTimeoutMs, idle))) {
      for (const run of this.#runs) run.abort(new WorkerStoppedError(this.#stopTimeoutMs));
      await isWithin(settlingTimeoutMs, idle);
    }
    this.#surroundings.heartbeats.stop();
    this.#surroundings.queue.close();
    return { unfinished: this.#runs.size };
  }

  async #idle(polling: Promise<unknown>): Promise<void> {
    await polling;
    while (this.#runs.size > 0) await Promise.all([...this.#runs].map(({ settled }) => settled));
  }
}

interface RunInFlight {
  abort(reason: Error): void;
  readonly settled: Promise<EndedRun | undefined>;
}

function surroundingsOf(options: WorkerOptions): MessageRunSurroundings {
  const {
    job,
    name,
    queueUrl,
    deadLetterQueueUrl,
    clientConfig,
    once,
    tracker,
    codeVersion,
    sqsSpeed = 1,
  } = options;
  const { logger = jobLogger(name, codeVersion) } = options;
  const { visibilityTimeoutSeconds = visibilityTimeoutOf(job) } = options;
  const visibilityTimeoutMs = Math.max(visibilityTimeoutSeconds / sqsSpeed, 1) * 1000;
  const queue: WorkerQueue = sqsWorkerQueue({
    queueUrl,
    deadLetterQueueUrl,
    visibilityTimeoutSeconds,
    clientConfig,
  });
  return {
    job,
    jobName: name,
    logger,
    queue,
    heartbeats: new Heartbeats({ queue, logger, visibilityTimeoutMs, sqsSpeed }),
    deleting: new Outage('deleting', logger),
    once: once && renewedOnce(once, visibilityTimeoutMs),
    tracker: tracker && renewedTracker(tracker, visibilityTimeoutMs),
    origin: { logStream: `${hostname()}/${process.pid}`, codeVersion },
    visibilityTimeoutMs,
  };
}

async function isWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  const isDone = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isDone;
}

/** SQS's most messages of a receive, and its longest wait. */
const largestReceive = 10;
const longestPollSeconds = 20;

/** So long after SQS is back, at most, it is noticed. */
const longestPauseMs = 20_000;

/** For what is left after the stop timeout: outcomes, deletes. Together still less than a container's 120 s. */
const settlingTimeoutMs = 8000;

/**
 * Has the leases of keys renewed while their work runs, instead of taken for all of a job's timeout: when this process
 * crashes, a job of hours is taken over when its message comes back, and not hours later.
 */
function renewedOnce(once: Once, visibilityTimeoutMs: number): Once {
  return (run, work) => once({ ...run, renewalMs: visibilityTimeoutMs * shareOfVisibility }, work);
}

/** A little less than all of it: the lease is over when the message comes back. */
const shareOfVisibility = 0.8;

/**
 * Has records say that a job runs only until its message would come back, and again while it does, as leases of keys
 * are.
 */
function renewedTracker(tracker: Tracker, visibilityTimeoutMs: number): Tracker {
  const renewalMs = visibilityTimeoutMs * shareOfVisibility;
  return { ...tracker, attempt: (run, surroundings) => tracker.attempt(run, { ...surroundings, renewalMs }) };
}
