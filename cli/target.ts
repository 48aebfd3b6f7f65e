import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { deadLetterQueueName, jobNameOfQueue, lastPart, parseTopicArn, topicArnForm } from '../src/names.ts';
import { CommandError, type End, exitCodes, StopError } from './outcome.ts';
import { oneLine } from './text.ts';

/** The platform that a command works with. */
export interface Target {
  /** Its name in a sentence: `the local platform`, `stack jobs-dev`. */
  readonly name: string;
  readonly topicArn: string;
  /** Where the platform is, for any AWS client: `new SQSClient(target.clientConfig)`. */
  readonly clientConfig: ClientConfig;
  /** The queues of every job by the job's name; undefined where only the topic is known. */
  readonly jobs: Readonly<Record<string, JobQueues>> | undefined;
  /** How many times shorter its waits are than AWS's: the local platform's `--speed`; undefined for a deployed platform. */
  readonly speed?: number;
  /** Where the status API is; undefined where no job is tracked, or only the topic is known. */
  readonly apiUrl?: string;
  /** The bucket that payloads too large for a message go through; undefined where only the topic is known. */
  readonly filesBucket?: string;
  /** Why the two above are not known, where a permission is missing. */
  readonly outputsProblem?: string;
}

/** Whatever is left out comes from the environment, as for any AWS client. */
interface ClientConfig {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

interface JobQueues {
  readonly queueUrl: string;
  /** null when the job has none. */
  readonly deadLetterQueueUrl: string | null;
}

export interface TargetOptions {
  readonly stack?: string;
  readonly topicArn?: string;
}

/** What a command does with a platform. */
interface Work {
  run(target: Target): Promise<End>;
  /** Says in one line what was refused and what to do; undefined for a bug, which keeps its stack. */
  explain(error: Error, target: Target): string | undefined;
}

/**
 * Finds the platform, does the work, and sets the process's exit code. When something is refused in the middle of the work,
 * prints one line on standard error and sets the exit code to 1.
 * @throws {CommandError} when the work cannot begin
 */
export async function withTarget(options: TargetOptions, { run, explain }: Work): Promise<void> {
  const target = await findTarget(options);
  try {
    process.exitCode = exitCodes[await run(target)];
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error)) throw error;
    const line = error instanceof StopError ? error.message : explain(error, target);
    if (line === undefined) throw error;
    console.error(`error: ${oneLine(line, 2_000)}`);
    process.exitCode = exitCodes.failed;
  }
}

/**
 * Finds the platform that the options name, or else the local platform that is running in this directory.
 * @throws {CommandError} when there is none
 */
export async function findTarget({ stack, topicArn }: TargetOptions): Promise<Target> {
  if (stack !== undefined && topicArn !== undefined) {
    throw new CommandError('--stack and --topic-arn both say where: give one of them');
  }
  if (topicArn !== undefined) return topicTarget(topicArn);
  if (stack === undefined) return await localTarget();
  // Loaded only here: the local platform needs no client of CloudFormation.
  const { stackTarget } = await import('./stackTarget.ts');
  return await stackTarget(stack);
}

function topicTarget(topicArn: string): Target {
  const topic = parseTopicArn(topicArn);
  if (topic === undefined) {
    throw new CommandError(`--topic-arn must be ${topicArnForm}, was '${topicArn}'`);
  }
  return { name: topicArn, topicArn, clientConfig: { region: topic.region }, jobs: undefined };
}

/**
 * The queues of every job of a platform, by the jobs' names. A queue `<platform>-<stage>-<jobName>` belongs to a job if a
 * queue of the same name with `-dead-letters` at its end exists.
 */
export function jobQueuesOf(topicArn: string, queueUrls: readonly string[]): Record<string, JobQueues> {
  const urls = new Map(queueUrls.map((url) => [lastPart(url), url]));
  const jobs = [...urls].flatMap(([queueName, queueUrl]) => {
    const deadLetterQueueUrl = urls.get(deadLetterQueueName(queueName));
    const jobName = jobNameOfQueue(lastPart(topicArn), queueName);
    if (deadLetterQueueUrl === undefined || jobName === undefined) return [];
    return [[jobName, { queueUrl, deadLetterQueueUrl }] as const];
  });
  return Object.fromEntries(jobs);
}

/** The local platform writes this file once it is ready, and removes it when it stops. */
const platformFile = '.local/platform.json';

/** The parts of the file that commands need. */
interface PlatformFile {
  readonly endpoint: string;
  readonly region: string;
  /** null while the template has no topic that jobs subscribe to. */
  readonly topicArn: string | null;
  readonly speed?: number;
  readonly jobs: Readonly<Record<string, JobQueues>>;
  /** These two are missing or null where the template has none. */
  readonly apiUrl?: string | null;
  readonly filesBucket?: string | null;
}

/** @throws {CommandError} when no local platform is running in this directory */
async function localTarget(): Promise<Target> {
  const { endpoint, region, topicArn, speed = 1, jobs, apiUrl, filesBucket } = await readPlatformFile();
  if (!(await isListening(endpoint))) {
    throw new CommandError(
      `${platformFile} says the local platform is at ${endpoint}, but nothing listens there. Start it again: npm start`,
    );
  }
  if (topicArn === null) throw new CommandError('the local platform has no jobs yet: add a file to src/jobs');
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return {
    name: 'the local platform',
    topicArn,
    clientConfig: { region, endpoint, credentials },
    jobs,
    speed,
    ...(apiUrl && { apiUrl }),
    ...(filesBucket && { filesBucket }),
  };
}

async function readPlatformFile(): Promise<PlatformFile> {
  const text = await readFile(platformFile, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new CommandError('no local platform is running here: npm start, or say where with --stack NAME');
  }
  const platform = parsed(text);
  if (isPlatform(platform)) return platform;
  throw new CommandError(
    `${platformFile} cannot be understood. Stop the local platform and start it again: npm start`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPlatform(value: unknown): value is PlatformFile {
  if (typeof value !== 'object' || value === null) return false;
  const { endpoint, region, topicArn, jobs } = value as Partial<Record<keyof PlatformFile, unknown>>;
  const texts = [endpoint, region, topicArn ?? ''].every((text) => typeof text === 'string');
  return texts && URL.canParse(endpoint as string) && typeof jobs === 'object' && jobs !== null;
}

/** A platform that was killed leaves its file behind, so its port says whether it runs. */
function isListening(endpoint: string): Promise<boolean> {
  const { hostname, port } = new URL(endpoint);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: hostname, port: Number(port), timeout: 2000 });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  socket.once('timeout', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
