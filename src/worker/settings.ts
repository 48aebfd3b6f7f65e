import { durationSeconds } from '../job/duration.ts';
import { workerBounds, workerDefaults } from './defaults.ts';
import { WorkerSetupError } from './errors.ts';

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
