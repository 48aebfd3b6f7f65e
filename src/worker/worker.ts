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

/** The options of a worker. */
export interface WorkerOptions {
  readonly job: AnyJob;
  readonly name: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** How many messages run at the same time, 1 to 1,000. @default workerDefaults.concurrency */
  readonly concurrency?: number | undefined;
  /** How long running jobs may go on after `stop`. @default workerDefaults.stopTimeout */
  readonly stopTimeoutMs?: number | undefined;
  /**
   * How long a message stays invisible after its receive or a heartbeat. @default
   * the timeout that the stack gives the queue
   */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** How much faster SQS's time passes than on AWS, as in a local platform. @default 1 */
  readonly sqsSpeed?: number | undefined;
  /** Required when the job asks for idempotency. */
  readonly once?: Once | undefined;
  /** Required when the job asks for tracking. */
  readonly tracker?: Tracker | undefined;
  /** The version of the code, which dead letters show. */
  readonly codeVersion?: string | undefined;
  /** @default a logger of JSON lines, as in Lambda */
  readonly logger?: MessageLogger | undefined;
  /** The configuration of the AWS SDK's client. @default that of the environment */
  readonly clientConfig?: SQSClientConfig | undefined;
  /** Is called with every run that has been settled. */
  onSettled?(run: EndedRun): void;
  /** Is called with the number of running messages whenever it changes. */
  onInFlight?(count: number): void;
}

/** A worker that consumes a job's queue until it is stopped. */
export interface Worker {
  readonly jobName: string;
  /**
   * Receives no more messages, and lets running jobs finish until the stop timeout. Then it aborts them. Never rejects.
   */
  stop(): Promise<void>;
  health(): WorkerHealth;
  /** Resolves when the worker has stopped, to how many messages it left to their visibility timeout. */
  readonly done: Promise<{ readonly unfinished: number }>;
}

/** A worker's state. Times are in epoch ms. */
export interface WorkerHealth {
  readonly inFlight: number;
  readonly concurrency: number;
  readonly isStopping: boolean;
  /** When SQS last answered a receive. Undefined before the first answer. */
  readonly lastPollAt: number | undefined;
  /** Since when receives or deletes fail. Undefined while they work. */
  readonly failingSince: number | undefined;
}

/**
 * Starts to consume a job's queue by long polls. Messages are run by the code that Lambda uses, and deleted in batches.
 */
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
  /** Resolves when there may be more messages than one poller can receive. */
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

  /** Receives only as many messages as can run at once. All pollers but the first wait while one poller is enough. */
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
      // A poll must end within the stop timeout: an aborted poll could take messages that no consumer gets.
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

  /** Waits. A stop ends the wait. */
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

  /** Runs a message. A message that arrives after a stop is given back when there is no time to run it. */
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

/** The most messages of one receive, and its longest wait. */
const largestReceive = 10;
const longestPollSeconds = 20;

/** The longest wait between receives that fail: after that time at most it is noticed that SQS works again. */
const longestPauseMs = 20_000;

/**
 * How long outcomes and deletes may take after the stop timeout. With that they
 * must take less than a container's 120 s.
 */
const settlingTimeoutMs = 8000;

/**
 * Takes short leases of keys and renews them while the work runs, instead of leases for all of a job's timeout. When this
 * process crashes, another one can then do the work when the message comes back, and need not wait for hours.
 */
function renewedOnce(once: Once, visibilityTimeoutMs: number): Once {
  return (run, work) => once({ ...run, renewalMs: visibilityTimeoutMs * shareOfVisibility }, work);
}

/** A lease takes a little less than the visibility timeout, so that it has ended when the message comes back. */
const shareOfVisibility = 0.8;

/** Takes short leases for the records of tracked jobs, too, and renews them while the jobs run. */
function renewedTracker(tracker: Tracker, visibilityTimeoutMs: number): Tracker {
  const renewalMs = visibilityTimeoutMs * shareOfVisibility;
  return { ...tracker, attempt: (run, surroundings) => tracker.attempt(run, { ...surroundings, renewalMs }) };
}
