import type { Target } from '../target.ts';
import type { DeadLetterQueue } from './deadLetterQueue.ts';
import type { MoveCalls } from './sqs.ts';

/** How much is in a queue, by its attributes: nothing is received. SQS's numbers are approximate. */
export interface Depth {
  readonly queue: DeadLetterQueue;
  /** Visible and delayed. */
  readonly waiting: number;
  /** Received by somebody just now. */
  readonly inFlight: number;
  readonly retentionSeconds: number;
}

export async function depthOf(
  sqs: Pick<MoveCalls, 'getQueueAttributes'>,
  queue: DeadLetterQueue,
): Promise<Depth> {
  const { Attributes = {} } = await sqs.getQueueAttributes({
    QueueUrl: queue.queueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
      'MessageRetentionPeriod',
    ],
  });
  const number = (name: keyof typeof Attributes): number => Number(Attributes[name] ?? 0);
  return {
    queue,
    waiting: number('ApproximateNumberOfMessages') + number('ApproximateNumberOfMessagesDelayed'),
    inFlight: number('ApproximateNumberOfMessagesNotVisible'),
    retentionSeconds: number('MessageRetentionPeriod'),
  };
}

/** How long messages are kept in real time: the local platform's are gone sooner at a higher speed. */
export function keptSeconds({ retentionSeconds }: Depth, { speed = 1 }: Target): number {
  return retentionSeconds / speed;
}
