import { devNull } from 'node:os';
import { jobProblems } from '../../src/job/check/problems.ts';
import { variablesOf } from '../../src/job/defineJob.ts';
import type { AnyJob } from '../../src/job/index.ts';
import { lastPart, type PlatformNames, platformNames, stageOf } from '../../src/names.ts';
import { type ProcessJob, runWorkerProcess } from '../../src/worker/process.ts';
import { jobLookup } from '../jobFiles.ts';
import { CommandError } from '../outcome.ts';
import type { Target } from '../target.ts';
import { assertOnlyConsumer, type WorkerQueues, workerQueues } from './queues.ts';
import { serviceOf, systemdUnit, winswDefinition } from './service.ts';
import { readSettings, type Settings, type WorkerCommandOptions } from './settings.ts';

export async function worker(jobNames: readonly string[], options: WorkerCommandOptions): Promise<void> {
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

/**
 * Loads the files of these jobs.
 * @throws {CommandError} for a name without a file, a file that does not load, and an option that is out of bounds
 */
async function jobsOf(jobNames: readonly string[]): Promise<ReadonlyMap<string, AnyJob>> {
  const repeated = jobNames.find((name, index) => jobNames.indexOf(name) !== index);
  if (repeated !== undefined) throw new CommandError(`${repeated} is given twice: once is enough`);
  const lookup = jobLookup({ name: '', topicArn: '', clientConfig: {}, jobs: undefined }, false);
  const jobs = new Map<string, AnyJob>();
  for (const name of jobNames) {
    const job = (await lookup(name).catch(withoutForce)) as AnyJob;
    assertSound(name, job);
    jobs.set(name, job);
  }
  return jobs;
}

/** Removes the advice about `--force` from the error: a job can be published without its file, but not run. */
function withoutForce(error: unknown): never {
  if (!(error instanceof CommandError)) throw error;
  throw new CommandError(error.message.replace(/; --force .*$/, ''), { cause: error });
}

function assertSound(name: string, job: AnyJob): void {
  const [problem] = jobProblems(job);
  if (problem === undefined) return;
  const { option, bound, given, advice } = problem;
  throw new CommandError(`src/jobs/${name}.ts: ${option} must be ${bound}, was ${given}. ${advice}`);
}

async function run(
  jobs: ReadonlyMap<string, AnyJob>,
  queues: WorkerQueues,
  settings: Settings,
): Promise<void> {
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

/** Loads DynamoDB's client, which only jobs with `idempotency` or `track` need. */
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

/**
 * Sets the environment that the jobs expect: all AWS clients, those of the jobs too, talk to the target, and the variables of
 * the job files are set unless they are set already.
 */
function prepareEnvironment(target: Target | undefined, jobs: Iterable<AnyJob>): void {
  if (target !== undefined) Object.assign(process.env, targetVariables(target));
  if (target?.clientConfig.endpoint !== undefined) {
    for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN']) delete process.env[name];
  }
  for (const job of jobs) {
    // Without a target the stage is not known, so the operator has to set the variables that depend on it.
    if (target === undefined && typeof job.environment === 'function') continue;
    const variables = variablesOf(job, target === undefined ? '' : stageOf(lastPart(target.topicArn)));
    for (const [name, value] of Object.entries(variables)) process.env[name] ??= value;
  }
}

/** The variables that lead AWS clients to the target. For the local platform none of the developer's own settings remain. */
function targetVariables({ clientConfig: { region, endpoint, credentials }, speed, filesBucket }: Target) {
  return {
    ...(region ? { AWS_REGION: region } : {}),
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint, AWS_CONFIG_FILE: devNull }),
    ...(credentials === undefined
      ? {}
      : {
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          AWS_SHARED_CREDENTIALS_FILE: devNull,
        }),
    ...(speed === undefined ? {} : { JOB_SQS_SPEED: String(speed) }),
    ...(filesBucket === undefined ? {} : { JOB_FILES_BUCKET: filesBucket }),
  };
}

/** The name of the platform's table of idempotent jobs. */
function idempotencyTable(target: Target | undefined): string | undefined {
  return process.env.JOB_IDEMPOTENCY_TABLE || namesOf(target)?.idempotencyTable;
}

/** The name of the platform's table of tracked jobs. */
function statusTable(target: Target | undefined): string | undefined {
  return process.env.JOB_STATUS_TABLE || namesOf(target)?.statusTable;
}

function namesOf(target: Target | undefined): PlatformNames | undefined {
  return target && platformNames(lastPart(target.topicArn));
}
