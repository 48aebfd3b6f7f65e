import { SQSClient } from '@aws-sdk/client-sqs';
import type { AnyJob } from '../../src/job/index.ts';
import { functionNameOf, partitionOf, queueArnOf } from '../../src/names.ts';
import { signedHeaders } from '../../src/sigV4.ts';
import { CommandError } from '../outcome.ts';
import type { WorkerQueues } from './queues.ts';

/**
 * Lambda or a worker consumes a queue, never both: each would get some of the messages, and neither its concurrency,
 * its logs nor its metrics would tell the whole.
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

/** The local platform runs what the template says: a function for every job that does not ask for Fargate. */
function assertNotLocalLambda(name: string, { compute = 'lambda' }: AnyJob): void {
  if (compute !== 'lambda') return;
  throw new CommandError(
    `the local platform runs ${name} in Lambda, and Lambda or a worker consumes a queue, never both. Give the job compute: 'fargate', or let both have a share: --force`,
  );
}

async function assertNoMapping(name: string, queueUrl: string): Promise<void> {
  const consumers = await lambdaConsumers(queueUrl).catch((error: Error) => {
    // Without credentials or a Region there is more to say than this, and the worker says it.
    if (!/credentials|region/i.test(error.message))
      console.error(`warning: whether Lambda consumes ${name}'s queue too is not known: ${error.message}`);
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
 * Asks Lambda who consumes a queue (`lambda:ListEventSourceMappings`); nobody where the queue is not on AWS.
 * @throws when Lambda does not say, as without that permission
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

/** Other SQS endpoints have no Lambda beside them, unless one is named. */
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
