import { type Duration, durationSeconds } from '../job/duration.ts';
import { WorkerSetupError } from './errors.ts';

/** What a worker gets where nothing else is said. Defined here and nowhere else. */
export const workerDefaults = {
  /** Messages that run at the same time, for each job: as many as one receive brings. */
  concurrency: 10,
  /** How long running jobs may go on after SIGTERM: with what follows, just under the 120 s of a Fargate task. */
  stopTimeout: '110s',
  /** Where health and metrics are served, when a port is given. */
  healthHost: '127.0.0.1',
} as const satisfies Record<string, Duration | number | string>;

/** What a worker takes. */
const workerBounds = {
  concurrency: { min: 1, max: 1000 },
  stopTimeout: { min: '1s', max: '12h' },
  healthPort: { min: 0, max: 65_535 },
} as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a worker process reads from its environment, beside its queues. */
export interface WorkerSettings {
  /** `JOB_CONCURRENCY`: messages that run at the same time, for each job. */
  readonly concurrency: number;
  /** `JOB_STOP_TIMEOUT`, such as `110s`. */
  readonly stopTimeoutMs: number;
  /** `JOB_HEALTH_PORT`; 0 takes any free one. None by default: then nothing is served. */
  readonly healthPort: number | undefined;
  /** `JOB_HEALTH_HOST`. This machine alone by default. */
  readonly healthHost: string;
  /** `JOB_CODE_VERSION`: stands in log lines and dead letters. */
  readonly codeVersion: string | undefined;
  /** `JOB_SQS_SPEED`: how much faster than AWS the SQS runs that is consumed, a local platform's. 1 by default. */
  readonly sqsSpeed: number;
}

/** @throws {WorkerSetupError} for a value out of its bounds */
export function workerSettings(environment: Environment): WorkerSettings {
  const { JOB_CONCURRENCY, JOB_STOP_TIMEOUT, JOB_HEALTH_PORT, JOB_HEALTH_HOST } = environment;
  const { JOB_CODE_VERSION, JOB_SQS_SPEED } = environment;
  return {
    concurrency: JOB_CONCURRENCY
      ? concurrencyOf(JOB_CONCURRENCY, 'JOB_CONCURRENCY')
      : workerDefaults.concurrency,
    stopTimeoutMs: stopTimeoutMsOf(JOB_STOP_TIMEOUT || workerDefaults.stopTimeout, 'JOB_STOP_TIMEOUT'),
    healthPort: JOB_HEALTH_PORT ? healthPortOf(JOB_HEALTH_PORT, 'JOB_HEALTH_PORT') : undefined,
    healthHost: JOB_HEALTH_HOST || workerDefaults.healthHost,
    codeVersion: JOB_CODE_VERSION || undefined,
    sqsSpeed: Number(JOB_SQS_SPEED || 1),
  };
}

/** @param where the setting, as people know it: `JOB_CONCURRENCY`, `--concurrency` */
export function concurrencyOf(given: string, where: string): number {
  return wholeNumber(given, where, workerBounds.concurrency);
}

export function healthPortOf(given: string, where: string): number {
  return wholeNumber(given, where, workerBounds.healthPort);
}

export function stopTimeoutMsOf(given: string, where: string): number {
  const { min, max } = workerBounds.stopTimeout;
  const seconds = secondsOf(given);
  if (seconds !== undefined && seconds >= durationSeconds(min) && seconds <= durationSeconds(max)) {
    return seconds * 1000;
  }
  throw new WorkerSetupError(
    `${where} must be a duration from ${min} to ${max}, such as 110s, was '${given}'`,
  );
}

function wholeNumber(given: string, where: string, { min, max }: { min: number; max: number }): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= min && value <= max) return value;
  throw new WorkerSetupError(`${where} must be a whole number from ${min} to ${max}, was '${given}'`);
}

function secondsOf(duration: string): number | undefined {
  try {
    return durationSeconds(duration);
  } catch {
    return undefined;
  }
}
