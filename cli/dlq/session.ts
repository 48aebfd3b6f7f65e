import { SQS } from '@aws-sdk/client-sqs';
import { lastPart } from '../../src/names.ts';
import { awsProblem, errorCode, isGone, permissionsText } from '../awsProblem.ts';
import type { End } from '../outcome.ts';
import { type Target, type TargetOptions, withTarget } from '../target.ts';
import {
  type DeadLetterQueue,
  type Depth,
  depthOf,
  findDeadLetterQueue,
  isSafetyNet,
  queueArn,
  type Sqs,
} from './queues.ts';
import type { SweptQueue } from './sweep.ts';

/** What a command needs to work with one queue of a platform. */
export interface Session {
  readonly target: Target;
  readonly sqs: Sqs;
  readonly queue: DeadLetterQueue;
  readonly depth: Depth;
}

/** Finds the platform and the queue, and does the work; errors and the exit code are handled by `withTarget`. */
export async function withQueue(
  command: PermittedCommand,
  name: string,
  options: TargetOptions,
  run: (session: Session) => Promise<End>,
): Promise<void> {
  const permitted = command === 'redrive' && isSafetyNet(name) ? 'redrive unrouted' : command;
  let queue: DeadLetterQueue | undefined;
  await withTarget(options, {
    async run(target) {
      const sqs = new SQS(target.clientConfig);
      queue = await findDeadLetterQueue(target, sqs, name);
      return await run({ target, sqs, queue, depth: await depthOf(sqs, queue) });
    },
    explain: (error, target) => explain(error, { command: permitted, target, queue }),
  });
}

/** The queue of a session, as a sweep takes it. */
export function sweptQueue({ sqs, queue, target }: Session): SweptQueue {
  return { sqs, queueUrl: queue.queueUrl, speed: target.speed };
}

/** What the command was doing when AWS refused. */
interface Work {
  readonly command: PermittedCommand;
  readonly target: Target;
  /** undefined until it is found. */
  readonly queue?: DeadLetterQueue | undefined;
}

/** Says in one line what AWS refused and what to do; undefined for any other error, which is a bug. */
export function explain(error: Error, work: Work): string | undefined {
  const subject = queueName(work);
  if (isGone(error)) {
    return `${subject} does not exist (any more): see with 'dlq list' what there is, or deploy the stack again`;
  }
  if (errorCode(error) === 'OverLimit') {
    return `${subject} has 120,000 messages in flight, SQS's limit: take the oldest first, with --older-than`;
  }
  return awsProblem(error, { target: work.target, needs: () => needs(work), subject });
}

function queueName({ queue, target }: Work): string {
  return queue === undefined ? `a queue of ${target.name}` : `the queue ${lastPart(queue.queueUrl)}`;
}

function needs({ command, target, queue }: Work): string {
  const { onDeadLetterQueue, onJobQueue, onTopic, onAnything }: Permissions = permissions[command];
  const arn = (url: string | undefined) => (url === undefined ? 'its queues' : queueArn(target, url));
  return permissionsText(`dlq ${command}`, [
    [onDeadLetterQueue, arn(queue?.queueUrl)],
    [onJobQueue, arn(queue?.jobQueueUrl)],
    [onTopic, target.topicArn],
    [onAnything, '*'],
  ]);
}

/** The IAM actions that a command needs, by resource. */
export interface Permissions {
  readonly onDeadLetterQueue: readonly string[];
  readonly onJobQueue?: readonly string[];
  readonly onTopic?: readonly string[];
  readonly onAnything?: readonly string[];
}

const look = ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];
const receive = [...look, 'sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'];
const take = [...receive, 'sqs:DeleteMessage'];

/** The permissions of each command. A test compares this table with the one in docs/when-a-job-fails.md. */
export const permissions = {
  list: { onDeadLetterQueue: look, onAnything: ['cloudwatch:GetMetricData'] },
  show: { onDeadLetterQueue: receive },
  export: { onDeadLetterQueue: receive },
  redrive: {
    onDeadLetterQueue: [...take, 'sqs:ListMessageMoveTasks'],
    onJobQueue: ['sqs:SendMessage'],
  },
  'redrive --all': {
    onDeadLetterQueue: [
      ...look,
      'sqs:StartMessageMoveTask',
      'sqs:ListMessageMoveTasks',
      'sqs:CancelMessageMoveTask',
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
    ],
    onJobQueue: ['sqs:SendMessage'],
  },
  'redrive unrouted': { onDeadLetterQueue: take, onTopic: ['sns:Publish'] },
  discard: { onDeadLetterQueue: take },
  edit: {
    onDeadLetterQueue: [...take, 'sqs:ListMessageMoveTasks'],
    onJobQueue: ['sqs:SendMessage'],
  },
} as const satisfies Record<string, Permissions>;

type PermittedCommand = keyof typeof permissions;
