import { createRequire } from 'node:module';
import type { AnyJob } from '../job/defineJob.ts';
import { jobLogger, type MessageLogger } from '../runtime/log.ts';
import type { Once } from '../runtime/once.ts';
import type { Tracker } from '../runtime/tracker.ts';
import { WorkerSetupError } from './errors.ts';
import type { HealthServer, WorkerMetrics } from './health.ts';
import { startTaskProtection } from './protection.ts';
import { queueFacts } from './queueFacts.ts';
import { readableLogger } from './readableLog.ts';
import { type Environment, type WorkerSettings, workerSettings } from './settings.ts';
import { startWorker, type Worker, type WorkerOptions } from './worker.ts';

/** A job that a worker process runs. */
export interface ProcessJob {
  readonly job: AnyJob;
  readonly name: string;
  /** Required when the job asks for idempotency. */
  readonly once?: Once | undefined;
  /** Required when the job asks for tracking. */
  readonly tracker?: Tracker | undefined;
  /** @default `JOB_QUEUE_URL`, for the only job of a process */
  readonly queueUrl?: string | undefined;
  /** @default `JOB_DEAD_LETTER_QUEUE_URL`, for the only job of a process; without it the queue in the redrive policy */
  readonly deadLetterQueueUrl?: string | undefined;
  /** @default `JOB_CONCURRENCY` */
  readonly concurrency?: number | undefined;
}

/**
 * Runs a worker process, as in a container. It consumes the queues of its jobs until SIGTERM or SIGINT, and then lets
 * running jobs finish. Its settings come from the environment (`settings.ts`). The AWS SDK finds Region, endpoint and
 * credentials.
 * @returns the process's exit code: 0 when it stopped, 1 when it stopped and left messages to their visibility timeout,
 *   2 when it
 *   did not start, and 130 or 143 when a second signal stopped it at once. Jobs that still run do not keep the process
 * alive
 */
export async function runWorkerProcess(
  jobs: readonly ProcessJob[],
  environment: Environment = process.env,
): Promise<number> {
  // Listens first of all: the first process of a container ignores signals to which it does not listen.
  const signals = startStopSignals();
  try {
    const exitCode = await Promise.race([runUntilStopped(jobs, environment, signals), signals.second]);
    endProcess(exitCode);
    return exitCode;
  } catch (error) {
    if (!(error instanceof WorkerSetupError)) throw error;
    console.error(`error: ${error.message}`);
    return exitCodes.notStarted;
  }
}

const exitCodes = { stopped: 0, unfinished: 1, notStarted: 2 } as const;

async function workerOptions(
  given: ProcessJob,
  jobCount: number,
  settings: WorkerSettings,
  environment: Environment,
): Promise<WorkerOptions> {
  const { job, name, once, tracker, concurrency = settings.concurrency } = given;
  if (job.idempotency !== undefined && once === undefined) {
    throw new WorkerSetupError(`${name} asks for idempotency, but its worker was given no store of keys`);
  }
  if (job.track && tracker === undefined) {
    throw new WorkerSetupError(`${name} asks for tracking, but its worker was given no tracker`);
  }
  const fromEnvironment = jobCount === 1 ? environment : {};
  const queueUrl = given.queueUrl ?? fromEnvironment.JOB_QUEUE_URL;
  if (!queueUrl) throw new WorkerSetupError(`${name}'s queue is not known: set JOB_QUEUE_URL to its URL`);
  const logger = processLogger(name, settings.codeVersion);
  const facts = await queueFacts(queueUrl, logger);
  const deadLetterQueueUrl =
    given.deadLetterQueueUrl || fromEnvironment.JOB_DEAD_LETTER_QUEUE_URL || facts.deadLetterQueueUrl;
  if (!deadLetterQueueUrl) {
    throw new WorkerSetupError(
      `${name}'s dead-letter queue is not known: set JOB_DEAD_LETTER_QUEUE_URL to its URL`,
    );
  }
  const { visibilityTimeoutSeconds } = facts;
  const { stopTimeoutMs, codeVersion, sqsSpeed } = settings;
  return {
    job,
    name,
    once,
    tracker,
    queueUrl,
    deadLetterQueueUrl,
    visibilityTimeoutSeconds,
    concurrency,
    stopTimeoutMs,
    codeVersion,
    sqsSpeed,
    logger,
  };
}

/** Lines for people at a terminal, and anywhere else JSON lines as in Lambda. */
function processLogger(name: string, codeVersion: string | undefined): MessageLogger {
  if (!process.stdout.isTTY) return jobLogger(name, codeVersion);
  return readableLogger(name, (line) => process.stdout.write(line));
}

async function runUntilStopped(
  jobs: readonly ProcessJob[],
  environment: Environment,
  signals: StopSignals,
): Promise<number> {
  const settings = workerSettings(environment);
  const options: WorkerOptions[] = [];
  for (const job of jobs) options.push(await workerOptions(job, jobs.length, settings, environment));
  if (signals.isHeard) return exitCodes.stopped;
  const workers: Worker[] = [];
  const health = await startHealth(settings, () => workers);
  const protection = startTaskProtection({ logger: options[0]?.logger ?? console });
  const onInFlight = (): void => protection.onInFlight(inFlightOf(workers));
  for (const of of options) {
    const { name, queueUrl, concurrency, logger } = of;
    const onSettled: WorkerOptions['onSettled'] = (run) => health?.metrics.observe(name, run);
    workers.push(startWorker({ ...of, onSettled, onInFlight }));
    logger?.info('worker started', { queueUrl, concurrency, healthUrl: health?.server.url });
  }
  const signal = await signals.first;
  const stopTimeoutSeconds = settings.stopTimeoutMs / 1000;
  for (const { logger } of options) {
    logger?.info('worker stopping: running jobs may finish; a second signal stops at once', {
      signal,
      stopTimeoutSeconds,
    });
  }
  const exitCode = await stopped(workers, options);
  await Promise.all([health?.server.stop(), protection.stop()]);
  return exitCode;
}

/** How many messages run in all of the process's workers. */
function inFlightOf(workers: readonly Worker[]): number {
  return workers.reduce((sum, worker) => sum + worker.health().inFlight, 0);
}

/** Serves health and metrics where a port is set. The code is loaded only then. */
async function startHealth(
  { healthPort, healthHost }: WorkerSettings,
  workers: () => readonly Worker[],
): Promise<{ server: HealthServer; metrics: WorkerMetrics } | undefined> {
  if (healthPort === undefined) return undefined;
  // prom-client is CommonJS. In an ES module bundle it would find no require() for Node's own modules.
  Object.assign(globalThis, { require: createRequire(import.meta.url) });
  const { startHealthServer, workerMetrics } = await import('./health.ts');
  const metrics = workerMetrics(workers);
  const server = await startHealthServer({ port: healthPort, host: healthHost, metrics, workers });
  return { server, metrics };
}

async function stopped(workers: readonly Worker[], options: readonly WorkerOptions[]): Promise<number> {
  await Promise.all(workers.map((worker) => worker.stop()));
  const ends = await Promise.all(workers.map(({ done }) => done));
  for (const [index, { unfinished }] of ends.entries()) {
    options[index]?.logger?.info('worker stopped', { unfinished });
  }
  return ends.some(({ unfinished }) => unfinished > 0) ? exitCodes.unfinished : exitCodes.stopped;
}

/** Ends the process in 100 ms, if it has not ended by itself: a job that ignores its signal would keep it alive. */
function endProcess(exitCode: number): void {
  setTimeout(() => process.exit(exitCode), 100).unref();
}

type StopSignal = 'SIGTERM' | 'SIGINT';

/** The signals SIGTERM and SIGINT that this process gets from now on. */
interface StopSignals {
  readonly first: Promise<StopSignal>;
  readonly isHeard: boolean;
  /** Resolves at the second signal to the exit code that shells use for it: 143 or 130. */
  readonly second: Promise<number>;
}

function startStopSignals(): StopSignals {
  const first = Promise.withResolvers<StopSignal>();
  const second = Promise.withResolvers<number>();
  let firstAtMs: number | undefined;

  function hear(signal: StopSignal): void {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now();
      first.resolve(signal);
    } else if (performance.now() - firstAtMs > oneSignalMs) {
      second.resolve(signalExitCodes[signal]);
    }
  }

  process.on('SIGTERM', hear);
  process.on('SIGINT', hear);
  return {
    first: first.promise,
    get isHeard() {
      return firstAtMs !== undefined;
    },
    second: second.promise,
  };
}

const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Signals closer together than this are one: under npm, Ctrl+C sends two, one of the terminal's and one of npm's. */
const oneSignalMs = 200;
