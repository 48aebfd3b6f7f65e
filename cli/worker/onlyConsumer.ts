import type { AnyJob } from '../../src/job/index.ts';
import { CommandError } from '../outcome.ts';
import { lambdaConsumers } from './lambdaConsumers.ts';
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
