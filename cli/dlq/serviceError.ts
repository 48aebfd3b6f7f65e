import { lastPart } from '../../src/names.ts';
import { awsProblem, errorCode, isDenied, isGone } from '../awsProblem.ts';
import type { Target } from '../target.ts';
import { type DeadLetterQueue, queueArn } from './deadLetterQueue.ts';
import { ExportError } from './exportFile.ts';
import { type Permissions, type PermittedCommand, permissions } from './permissions.ts';

/** What was being done when AWS refused. */
export interface Work {
  readonly command: PermittedCommand;
  readonly target: Target;
  /** undefined while it is being looked for. */
  readonly queue?: DeadLetterQueue | undefined;
}

/** One line: what AWS or the disk refused and what to do; undefined for any other error: a bug. */
export function explain(error: unknown, work: Work): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof ExportError) return error.message;
  const code = errorCode(error);
  if (isDenied(error)) return `no permission: ${needs(work)}`;
  if (isGone(error)) {
    return `${queueName(work)} does not exist (any more): see with 'dlq list' what there is, or deploy the stack again`;
  }
  const problem = awsProblem(error, work.target);
  if (problem !== undefined) return problem;
  if (code === 'OverLimit') {
    return `${queueName(work)} has 120,000 messages in flight, SQS's bound: take the oldest first, with --older-than`;
  }
  const named = `${code}: ${error.message}`.replace(/\s+/g, ' ');
  return '$metadata' in error ? `${queueName(work)}: ${named}` : undefined;
}

function queueName({ queue, target }: Work): string {
  return queue === undefined ? `a queue of ${target.name}` : `the queue ${lastPart(queue.queueUrl)}`;
}

function needs({ command, target, queue }: Work): string {
  const { onDeadLetterQueue, onJobQueue, onTopic, onAnything }: Permissions = permissions[command];
  const of = (actions: readonly string[] | undefined, resource: string): string[] =>
    actions === undefined ? [] : [`${actions.join(', ')} on ${resource}`];
  const arn = (url: string | undefined) => (url === undefined ? 'its queues' : queueArn(target, url));
  const all = [
    ...of(onDeadLetterQueue, arn(queue?.queueUrl)),
    ...of(onJobQueue, arn(queue?.jobQueueUrl)),
    ...of(onTopic, target.topicArn),
    ...of(onAnything, '*'),
  ];
  return `dlq ${command} needs ${all.join('; ')}`;
}
