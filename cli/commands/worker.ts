import { Command } from 'commander';
import type { AnyJob } from '../../src/job/index.ts';
import type { ProcessJob } from '../../src/worker/process.ts';
import { concurrencyOf, healthPortOf, stopTimeoutMsOf, workerDefaults } from '../../src/worker/settings.ts';
import { CommandError } from '../outcome.ts';
import { idempotencyTable, prepareEnvironment, statusTable } from '../worker/environment.ts';
import { jobsOf } from '../worker/jobs.ts';
import { assertOnlyConsumer } from '../worker/onlyConsumer.ts';
import { type PerJob, perJob } from '../worker/perJob.ts';
import { type WorkerQueues, workerQueues } from '../worker/queues.ts';
import { here, type Service } from '../worker/service.ts';
import { systemdUnit } from '../worker/systemd.ts';
import { winswDefinition } from '../worker/winsw.ts';

export function workerCommand(): Command {
  const { concurrency, stopTimeout, healthHost } = workerDefaults;
  return new Command('worker')
    .description('Runs jobs in this process: receives their messages from SQS until SIGTERM or Ctrl+C.')
    .argument('<jobName...>', 'names of files in src/jobs; each job has its own queue and concurrency')
    .option(
      '--concurrency <number>',
      `messages at the same time for each job, ${concurrency} by default; or Report=2,Import=10`,
    )
    .option(
      '--stop-timeout <duration>',
      `how long running jobs may go on at a stop, ${stopTimeout} by default`,
    )
    .option('--health-port <number>', 'serve /healthz and /metrics at this port')
    .option('--health-host <address>', `the address they are served at, ${healthHost} by default`)
    .option('--stack <name>', 'a deployed stack, instead of the running local platform')
    .option('--queue-url <[Job=]url>', 'a queue by its URL, where the stack cannot be read', collect, [])
    .option('--force', 'run although Lambda consumes the queue too')
    .option('--print-systemd', 'print a unit file for systemd instead of running')
    .option('--print-winsw', 'print the definition of a Windows service for WinSW instead of running')
    .addHelpText('after', examples)
    .action(worker);
}

const examples = `
Examples:
  npm run jobs -- worker GreetingJob --stack jobs-dev
  npm run jobs -- worker GreetingJob PushupsJob --concurrency GreetingJob=20,PushupsJob=2
  npm run jobs -- worker GreetingJob --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/jobs-prod-GreetingJob
  npm run jobs -- worker GreetingJob --print-systemd > jobs-worker-greetingjob.service`;

interface WorkerCommandOptions {
  readonly concurrency?: string;
  readonly stopTimeout?: string;
  readonly healthPort?: string;
  readonly healthHost?: string;
  readonly stack?: string;
  readonly queueUrl: readonly string[];
  readonly force?: boolean;
  readonly printSystemd?: boolean;
  readonly printWinsw?: boolean;
}

function collect(value: string, values: readonly string[]): string[] {
  return [...values, value];
}

async function worker(jobNames: readonly string[], options: WorkerCommandOptions): Promise<void> {
  const settings = readSettings(jobNames, options);
  const jobs = await jobsOf(jobNames);
  if (options.printSystemd || options.printWinsw) {
    const service = await serviceOf(jobNames, options, settings);
    process.stdout.write(options.printSystemd ? systemdUnit(service) : winswDefinition(service));
    return;
  }
  const queues = await workerQueues(jobNames, settings.queueUrls, options.stack);
  prepareEnvironment(queues.target, jobs.values());
  if (!options.force) await assertOnlyConsumer(jobs, queues);
  await run(jobs, queues, settings);
}

interface Settings {
  readonly concurrency: PerJob<number>;
  readonly queueUrls: PerJob<string>;
  /** As a worker process reads it from its environment. */
  readonly environment: Record<string, string>;
}

/** Everything is checked here, so that a mistake is told before anything is looked up or received. */
function readSettings(jobNames: readonly string[], options: WorkerCommandOptions): Settings {
  const { concurrency, stopTimeout, healthPort, healthHost, queueUrl } = options;
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

async function serviceOf(
  jobNames: readonly string[],
  options: WorkerCommandOptions,
  { queueUrls, environment }: Settings,
): Promise<Service> {
  if (options.printSystemd && options.printWinsw) {
    throw new CommandError('--print-systemd and --print-winsw: give one of them');
  }
  const {
    concurrency,
    stopTimeout = workerDefaults.stopTimeout,
    healthPort,
    healthHost,
    stack,
    force,
  } = options;
  const needsQueueUrl = stack === undefined && queueUrls.all === undefined && queueUrls.byJob.size === 0;
  if (needsQueueUrl && jobNames.length > 1) {
    throw new CommandError(
      'a service of several jobs needs their queues: give --stack NAME or --queue-url Job=URL',
    );
  }
  const queues = needsQueueUrl ? undefined : await workerQueues(jobNames, queueUrls, stack);
  const urls = [...(queues?.byJob ?? [])].map(([name, { queueUrl }]) => `${name}=${queueUrl}`);
  const given = { '--concurrency': concurrency, '--stop-timeout': environment.JOB_STOP_TIMEOUT };
  const health = { '--health-port': healthPort, '--health-host': healthHost };
  const words = Object.entries({ ...given, ...health }).flatMap(([option, value]) =>
    value === undefined ? [] : [option, value],
  );
  return {
    ...here,
    jobNames,
    words: [
      ...jobNames,
      ...urls.flatMap((url) => ['--queue-url', url]),
      ...words,
      ...(force ? ['--force'] : []),
    ],
    stopTimeoutSeconds: stopTimeoutMsOf(stopTimeout, '--stop-timeout') / 1000,
    needsQueueUrl,
  };
}

/** Loads the AWS SDK only now: `--help` and mistakes need not wait for it. */
async function run(
  jobs: ReadonlyMap<string, AnyJob>,
  queues: WorkerQueues,
  settings: Settings,
): Promise<void> {
  const { runWorkerProcess } = await import('../../src/worker/process.ts');
  const processJobs: ProcessJob[] = [];
  for (const [name, job] of jobs) {
    processJobs.push({
      job,
      name,
      ...queues.byJob.get(name),
      concurrency: settings.concurrency.byJob.get(name) ?? settings.concurrency.all,
      once: job.idempotency && (await onceOf(name, job.idempotency, idempotencyTable(queues.target))),
      ...(job.track && { tracker: await trackerOf(name, statusTable(queues.target)) }),
    });
  }
  process.exitCode = await runWorkerProcess(processJobs, { ...process.env, ...settings.environment });
}

async function onceOf(
  name: string,
  idempotency: NonNullable<AnyJob['idempotency']>,
  tableName: string | undefined,
): Promise<NonNullable<ProcessJob['once']>> {
  if (tableName === undefined) {
    throw new CommandError(
      `${name} asks for idempotency: set JOB_IDEMPOTENCY_TABLE to the name of the platform's table`,
    );
  }
  const { dynamoOnce } = await import('../../src/idempotency/once.ts');
  return dynamoOnce(name, idempotency, { tableName });
}

async function trackerOf(
  name: string,
  tableName: string | undefined,
): Promise<NonNullable<ProcessJob['tracker']>> {
  if (tableName === undefined) {
    throw new CommandError(
      `${name} asks for tracking: set JOB_STATUS_TABLE to the name of the platform's table, and JOB_FILES_BUCKET to its bucket`,
    );
  }
  const { dynamoTracker } = await import('../../src/tracking/tracker.ts');
  return dynamoTracker(name, { tableName });
}
