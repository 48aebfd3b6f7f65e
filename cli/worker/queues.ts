import { CommandError } from '../outcome.ts';
import { findTarget, type Target } from '../target.ts';
import type { PerJob } from './settings.ts';

/** Where a job's worker receives from. */
export interface WorkerQueueUrls {
  readonly queueUrl: string;
  /** Where it is not known, the queue's redrive policy says it. */
  readonly deadLetterQueueUrl: string | undefined;
}

export interface WorkerQueues {
  readonly byJob: ReadonlyMap<string, WorkerQueueUrls>;
  /** The platform they were found by; undefined where they were given. */
  readonly target: Target | undefined;
}

/**
 * The queues of jobs: as they were given (`--queue-url`, or `JOB_QUEUE_URL` for a single job), else as the stack or the
 * running local platform has them.
 * @throws {CommandError} for a job without one
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
    throw new CommandError(`--queue-url: several jobs have a queue each: ${only}=${all}, and so on`);
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
