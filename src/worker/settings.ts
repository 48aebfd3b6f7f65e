import { type Duration, durationSeconds } from '../job/duration.ts';
import { WorkerSetupError } from './errors.ts';

/** The defaults of a worker process. */
export const workerDefaults = {
  /** How many messages of each job run at the same time: as many as one receive can bring. */
  concurrency: 10,
  /**
   * How long running jobs may go on after SIGTERM. With what follows it takes just
   * under the 120 s that a Fargate task has.
   */
  stopTimeout: '110s',
  /** The host at which health and metrics are served, when a port is given. */
  healthHost: '127.0.0.1',
} as const satisfies Record<string, Duration | number | string>;

/** The bounds of a worker's settings. */
const workerBounds = {
  concurrency: { min: 1, max: 1000 },
  stopTimeout: { min: '1s', max: '12h' },
  healthPort: { min: 0, max: 65_535 },
} as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings that a worker process reads from its environment variables, beside the URLs of its queues. */
export interface WorkerSettings {
  /** `JOB_CONCURRENCY`: how many messages of each job run at the same time, 1 to 1,000. Default 10. */
  readonly concurrency: number;
  /** `JOB_STOP_TIMEOUT`: how long running jobs may go on after a stop, 1 s to 12 h. Default `110s`. */
  readonly stopTimeoutMs: number;
  /** `JOB_HEALTH_PORT`: the port of `/healthz` and `/metrics`; 0 chooses any free port. By default nothing is served. */
  readonly healthPort: number | undefined;
  /** `JOB_HEALTH_HOST`: the host of `/healthz` and `/metrics`. Default `127.0.0.1`, which only this machine can reach. */
  readonly healthHost: string;
  /** `JOB_CODE_VERSION`: the version of the code, which log lines and dead letters show. Default none. */
  readonly codeVersion: string | undefined;
  /** `JOB_SQS_SPEED`: how much faster a local platform's SQS runs than AWS's. Default 1. */
  readonly sqsSpeed: number;
}

/** @throws {WorkerSetupError} when a value is wrong or out of its bounds */
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

/** @param where the setting's name in an error message: `JOB_CONCURRENCY`, `--concurrency` */
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
