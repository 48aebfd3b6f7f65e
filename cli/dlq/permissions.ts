/** The IAM actions that a command needs: on the queue it reads, and on where it sends. */
export interface Permissions {
  readonly onDeadLetterQueue: readonly string[];
  readonly onJobQueue?: readonly string[];
  readonly onTopic?: readonly string[];
  readonly onAnything?: readonly string[];
}

const look = ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];
const receive = [...look, 'sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'];
const take = [...receive, 'sqs:DeleteMessage'];

/** By command; docs/when-a-job-fails.md holds the same table, and a test holds it to this one. */
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

export type PermittedCommand = keyof typeof permissions;
