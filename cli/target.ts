import { deadLetterQueueName, jobNameOfQueue, lastPart, parseTopicArn, topicArnForm } from '../src/names.ts';
import { localTarget } from './localTarget.ts';
import { CommandError } from './outcome.ts';

/** The platform that a command works with. */
export interface Target {
  /** As a sentence says it: `the local platform`, `stack jobs-dev`. */
  readonly name: string;
  readonly topicArn: string;
  /** Where the platform is, for any AWS client: `new SQSClient(target.clientConfig)`. */
  readonly clientConfig: ClientConfig;
  /** The queues of every job by the job's name; undefined where only the topic is known. */
  readonly jobs: Readonly<Record<string, JobQueues>> | undefined;
  /** How many times faster than AWS's its waits are: the local platform's `--speed`; undefined for a deployed one. */
  readonly speed?: number;
  /** Where the status API is; undefined where no job is tracked, or only the topic is known. */
  readonly apiUrl?: string;
  /** The bucket that payloads too large for a message go through; undefined where only the topic is known. */
  readonly filesBucket?: string;
}

/** What is left out comes from the environment, as for any AWS client. */
interface ClientConfig {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface JobQueues {
  readonly queueUrl: string;
  /** null for a queue without one. */
  readonly deadLetterQueueUrl: string | null;
}

export interface TargetOptions {
  readonly stack?: string;
  readonly topicArn?: string;
}

/**
 * Finds the platform: the one that was named, else the local one that is running.
 * @throws {CommandError} when there is none
 */
export async function findTarget({ stack, topicArn }: TargetOptions): Promise<Target> {
  if (stack !== undefined && topicArn !== undefined) {
    throw new CommandError('--stack and --topic-arn both say where: give one of them');
  }
  if (topicArn !== undefined) return topicTarget(topicArn);
  if (stack === undefined) return await localTarget();
  // Loaded only here, with its client: the local platform has no CloudFormation.
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
 * The queues of every job of a platform, by the jobs' names. Its topic is `<platform>-<stage>`; of all queues, those that
 * have one beside them that ends in `-dead-letters` are its jobs': `<platform>-<stage>-<jobName>`.
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
