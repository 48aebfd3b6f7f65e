import { concurrencyOf, healthPortOf, stopTimeoutMsOf } from '../../src/worker/settings.ts';
import { CommandError } from '../outcome.ts';

export interface WorkerCommandOptions {
  readonly concurrency?: string;
  readonly stopTimeout?: string;
  readonly healthPort?: string;
  readonly healthHost?: string;
  readonly stack?: string;
  readonly queueUrl?: readonly string[];
  readonly force?: boolean;
  readonly printSystemd?: boolean;
  readonly printWinsw?: boolean;
}

export interface Settings {
  readonly concurrency: PerJob<number>;
  readonly queueUrls: PerJob<string>;
  /** Environment variables that override those of this process. */
  readonly environment: Record<string, string>;
}

/**
 * Checks all options before anything is looked up or received.
 * @throws {CommandError} for an option that is wrong
 */
export function readSettings(jobNames: readonly string[], options: WorkerCommandOptions): Settings {
  const { concurrency, stopTimeout, healthPort, healthHost, queueUrl = [] } = options;
  const environment: Record<string, string> = {};
  try {
    if (stopTimeout !== undefined) {
      stopTimeoutMsOf(stopTimeout, '--stop-timeout');
      environment.JOB_STOP_TIMEOUT = stopTimeout;
    }
    if (healthPort !== undefined)
      environment.JOB_HEALTH_PORT = String(healthPortOf(healthPort, '--health-port'));
    if (healthHost !== undefined) environment.JOB_HEALTH_HOST = healthHost;
    return {
      concurrency: perJob('--concurrency', concurrency?.split(',') ?? [], jobNames, (text) =>
        concurrencyOf(text, '--concurrency'),
      ),
      queueUrls: perJob('--queue-url', queueUrl, jobNames, queueUrlOf),
      environment,
    };
  } catch (error) {
    throw new CommandError((error as Error).message, { cause: error });
  }
}

function queueUrlOf(given: string): string {
  if (/^https?:$/.test(URL.parse(given)?.protocol ?? '')) return given;
  throw new CommandError(
    `--queue-url must be a URL, such as https://sqs.…/jobs-prod-GreetingJob, was '${given}'`,
  );
}

/** The values of an option: one for all jobs, and those of single jobs. */
export interface PerJob<Value> {
  readonly all: Value | undefined;
  readonly byJob: ReadonlyMap<string, Value>;
}

/**
 * Reads `5` or `Report=2,Import=10`.
 * @param parse throws for a wrong value
 * @throws {CommandError} for a job that is not among `jobNames`
 */
function perJob<Value>(
  option: string,
  parts: readonly string[],
  jobNames: readonly string[],
  parse: (text: string) => Value,
): PerJob<Value> {
  const byJob = new Map<string, Value>();
  let all: Value | undefined;
  for (const part of parts) {
    const [, jobName, value = part] = /^([A-Za-z][\w-]*)=(.*)$/s.exec(part) ?? [];
    if (jobName === undefined) all = parse(value);
    else if (jobNames.includes(jobName)) byJob.set(jobName, parse(value));
    else throw new CommandError(`${option} names ${jobName}, which is not one of ${jobNames.join(', ')}`);
  }
  return { all, byJob };
}
