import type { FauxqsInternals, FauxqsStores, Queue, StoredMessage } from './fauxqs.ts';

/**
 * The engine's state. Two things differ from fauxqs' own stores: a queue's URL is always below `endpoint()`,
 * whatever name the request used, and a message remembers when it entered the queue it is in (CloudWatch counts
 * the age in a dead-letter queue from the move, while `SentTimestamp` stays the first one), and which queue it was
 * moved from (StartMessageMoveTask brings it back there).
 */
export function createStores(
  { SqsStore, SnsStore, S3Store }: FauxqsInternals,
  region: string,
  queueUrl: (name: string) => string,
): FauxqsStores {
  const sqsStore = new SqsStore();
  const snsStore = new SnsStore();
  sqsStore.region = region;
  snsStore.region = region;
  sqsStore.buildQueueUrl = (name) => queueUrl(name);
  const createQueue = sqsStore.createQueue.bind(sqsStore);
  sqsStore.createQueue = (...args) => stampArrivals(createQueue(...args));
  return { sqsStore, snsStore, s3Store: new S3Store() };
}

function stampArrivals(queue: Queue): Queue {
  const enqueue = queue.enqueue.bind(queue);
  queue.enqueue = (message: StoredMessage) => {
    message.enteredAtMs = Date.now();
    if (message.queueArn !== undefined) message.deadLetterSourceArn = message.queueArn;
    message.queueArn = queue.arn;
    enqueue(message);
  };
  return queue;
}
