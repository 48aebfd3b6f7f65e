import { SQSClient } from '@aws-sdk/client-sqs';
import type { AnyJob } from '../../src/job/index.ts';
import { functionNameOf, partitionOf, queueArnOf } from '../../src/names.ts';
import { signedHeaders } from '../../src/sigV4.ts';
import { CommandError } from '../outcome.ts';
import { findTarget, type Target } from '../target.ts';
import type { PerJob } from './settings.ts';

/** The queues of a job's worker. */
interface WorkerQueueUrls {
  readonly queueUrl: string;
  /** undefined when it is not known; the worker then reads it from the queue's redrive policy. */
  readonly deadLetterQueueUrl: string | undefined;
}

export interface WorkerQueues {
  readonly byJob: ReadonlyMap<string, WorkerQueueUrls>;
  /** The platform that has them; undefined when all of them were given by URL. */
  readonly target: Target | undefined;
}

/**
 * Finds the queues of jobs: those that were given (`--queue-url`, or `JOB_QUEUE_URL` for a single job), the others in the stack
 * or the running local platform.
 * @throws {CommandError} for a job without a queue
 */
export async function workerQueues(
  jobNames: readonly string[],
  given: PerJob<string>,
  stack: string | undefined,
): Promise<WorkerQueues> {
  const known = givenQueues(jobNames, given, stack);
  if (known.size === jobNames.length) return { byJob: known, target: undefined };
  const target = await findTarget(stack === undefined ? {} : { stack });
  const found = jobNames.map((name) => [name, known.get(name) ?? queuesOf(name, target)] as const);
  return { byJob: new Map(found), target };
}

function givenQueues(
  jobNames: readonly string[],
  { all, byJob }: PerJob<string>,
  stack: string | undefined,
): ReadonlyMap<string, WorkerQueueUrls> {
  const known = new Map([...byJob].map(([name, queueUrl]) => [name, withoutDeadLetters(queueUrl)]));
  const [only, ...others] = jobNames;
  if (all !== undefined && others.length > 0) {
    throw new CommandError(
      `--queue-url: each of several jobs needs its own queue: ${only}=${all}, and so on`,
    );
  }
  const { JOB_QUEUE_URL, JOB_DEAD_LETTER_QUEUE_URL } = process.env;
  if (only !== undefined && all !== undefined) known.set(only, withoutDeadLetters(all));
  else if (
    only !== undefined &&
    others.length === 0 &&
    stack === undefined &&
    JOB_QUEUE_URL &&
    !known.has(only)
  ) {
    known.set(only, { queueUrl: JOB_QUEUE_URL, deadLetterQueueUrl: JOB_DEAD_LETTER_QUEUE_URL });
  }
  return known;
}

function withoutDeadLetters(queueUrl: string): WorkerQueueUrls {
  return { queueUrl, deadLetterQueueUrl: undefined };
}

function queuesOf(jobName: string, { name, jobs = {} }: Target): WorkerQueueUrls {
  const queues = Object.hasOwn(jobs, jobName) ? jobs[jobName] : undefined;
  if (queues === undefined) {
    throw new CommandError(
      `${name} has no queue for ${jobName} yet: deploy it, or restart the local platform (npm start)`,
    );
  }
  return { queueUrl: queues.queueUrl, deadLetterQueueUrl: queues.deadLetterQueueUrl ?? undefined };
}

/**
 * Checks that Lambda does not consume the queues. If both did, each would get some of the messages, and the concurrency, the
 * logs and the metrics of each would show only a part.
 * @throws {CommandError} for a queue that Lambda consumes
 */
export async function assertOnlyConsumer(
  jobs: ReadonlyMap<string, AnyJob>,
  queues: WorkerQueues,
): Promise<void> {
  for (const [name, job] of jobs) {
    if (queues.target?.clientConfig.endpoint !== undefined) assertNotLocalLambda(name, job);
    else await assertNoMapping(name, queues.byJob.get(name)?.queueUrl ?? '');
  }
}

/** The local platform runs a function for every job that does not ask for Fargate, as the template says. */
function assertNotLocalLambda(name: string, { compute = 'lambda' }: AnyJob): void {
  if (compute !== 'lambda') return;
  throw new CommandError(
    `the local platform runs ${name} in Lambda, and Lambda or a worker consumes a queue, never both. Give the job compute: 'fargate', or let both have a share: --force`,
  );
}

async function assertNoMapping(name: string, queueUrl: string): Promise<void> {
  const consumers = await lambdaConsumers(queueUrl).catch((error: Error) => {
    // Without credentials or a Region the worker cannot run at all, and says so itself.
    if (!/credentials|region/i.test(error.message))
      console.error(`warning: cannot tell whether Lambda consumes ${name}'s queue too: ${error.message}`);
    return [];
  });
  const [consumer] = consumers;
  if (consumer === undefined) return;
  throw new CommandError(
    `the function ${consumer.functionName} consumes ${name}'s queue, and Lambda or a worker does, never both. Stop it (aws lambda update-event-source-mapping --no-enabled --uuid ${consumer.uuid}), or let both have a share: --force`,
  );
}

/** An event source mapping by which Lambda consumes a queue. */
interface LambdaConsumer {
  readonly uuid: string;
  readonly functionName: string;
}

/**
 * Asks Lambda which functions consume a queue. For a queue that is not on AWS there are none.
 * @throws when Lambda does not answer, for instance without the permission `lambda:ListEventSourceMappings`
 */
async function lambdaConsumers(queueUrl: string): Promise<LambdaConsumer[]> {
  if (!isOnAws(queueUrl)) return [];
  const client = new SQSClient({});
  try {
    const { config } = client;
    const region = await config.region();
    const url = new URL('/2015-03-31/event-source-mappings/', lambdaEndpoint(region));
    url.searchParams.set('EventSourceArn', queueArnOf(queueUrl, { partition: partitionOf(region), region }));
    const headers = signedHeaders(
      { method: 'GET', url, headers: {}, body: '' },
      { service: 'lambda', region, credentials: await config.credentials(), now: new Date() },
    );
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(`Lambda answered ${response.status}`);
    return consumersIn((await response.json()) as MappingList);
  } finally {
    client.destroy();
  }
}

/** Whether Lambda can be asked: other endpoints of SQS have no Lambda, unless the variable names one. */
function isOnAws(queueUrl: string): boolean {
  const { AWS_ENDPOINT_URL_LAMBDA } = process.env;
  return AWS_ENDPOINT_URL_LAMBDA !== undefined || /\.amazonaws\.com(\.cn)?$/.test(new URL(queueUrl).hostname);
}

interface MappingList {
  readonly EventSourceMappings?: readonly { UUID?: string; FunctionArn?: string; State?: string }[];
}

function consumersIn({ EventSourceMappings = [] }: MappingList): LambdaConsumer[] {
  return EventSourceMappings.filter(({ State }) => State !== 'Disabled' && State !== 'Disabling').map(
    ({ UUID = '', FunctionArn = '' }) => ({
      uuid: UUID,
      functionName: functionNameOf(FunctionArn) ?? FunctionArn,
    }),
  );
}

function lambdaEndpoint(region: string): string {
  const { AWS_ENDPOINT_URL_LAMBDA } = process.env;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return AWS_ENDPOINT_URL_LAMBDA ?? `https://lambda.${region}.${domain}`;
}
