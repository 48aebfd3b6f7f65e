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

export async function depthOf(sqs: AttributeCall, queue: DeadLetterQueue): Promise<Depth> {
  return { queue, ...(await numbersOf(sqs, queue.queueUrl)) };
}

/** How many messages a queue has, whoever has received them. */
export async function countOf(sqs: AttributeCall, queueUrl: string): Promise<number> {
  const { waiting, inFlight } = await numbersOf(sqs, queueUrl);
  return waiting + inFlight;
}

/** How long messages are kept in real time: the local platform's are gone sooner at a higher speed. */
export function keptSeconds({ retentionSeconds }: Depth, { speed = 1 }: Target): number {
  return retentionSeconds / speed;
}

type AttributeCall = Pick<MoveCalls, 'getQueueAttributes'>;

async function numbersOf(sqs: AttributeCall, QueueUrl: string): Promise<Omit<Depth, 'queue'>> {
  const { Attributes = {} } = await sqs.getQueueAttributes({
    QueueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
      'MessageRetentionPeriod',
    ],
  });
  const number = (name: keyof typeof Attributes): number => Number(Attributes[name] ?? 0);
  return {
    waiting: number('ApproximateNumberOfMessages') + number('ApproximateNumberOfMessagesDelayed'),
    inFlight: number('ApproximateNumberOfMessagesNotVisible'),
    retentionSeconds: number('MessageRetentionPeriod'),
  };
}
