import type { FauxqsInternals, FauxqsStores, Queue, SnsStore, StoredMessage } from './fauxqs.ts';
import { messageGroupOf } from './messageGroups.ts';

/**
 * The engine's state. What differs from fauxqs' own stores: a queue's URL is always below `endpoint()`, whatever name
 * the request used; a message remembers when it entered the queue it is in (CloudWatch counts the age in a dead-letter
 * queue from the move, while `SentTimestamp` stays the first one), which queue it was moved from (StartMessageMoveTask
 * brings it back there), and its group; and topics can be had without their subscriptions.
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
  nameUnsubscribed(snsStore);
  return { sqsStore, snsStore, s3Store: new S3Store() };
}

/** The queue that a request names. */
export function queueOf(body: { QueueUrl?: unknown }, { sqsStore }: FauxqsStores): Queue | undefined {
  return typeof body.QueueUrl === 'string' ? sqsStore.getQueue(body.QueueUrl) : undefined;
}

/** Names a topic as if it had no subscriptions: fauxqs takes what is published there, and delivers it to nobody. */
export function unsubscribed(topicArn: string): string {
  return topicArn + unsubscribedMark;
}

/** The topic's own name again. */
export function subscribed(topicArn: string): string {
  return topicArn.replace(unsubscribedMark, '');
}

/** No ARN has a space. */
const unsubscribedMark = ' without subscriptions';

function nameUnsubscribed(snsStore: SnsStore): void {
  const getTopic = snsStore.getTopic.bind(snsStore);
  snsStore.getTopic = (arn) => {
    const topic = getTopic(subscribed(arn));
    return topic && arn.endsWith(unsubscribedMark) ? { ...topic, subscriptionArns: [] } : topic;
  };
}

function stampArrivals(queue: Queue): Queue {
  const enqueue = queue.enqueue.bind(queue);
  queue.enqueue = (message: StoredMessage) => {
    message.enteredAtMs = Date.now();
    if (message.queueArn !== undefined) message.deadLetterSourceArn = message.queueArn;
    message.queueArn = queue.arn;
    const group = messageGroupOf(message.messageAttributes);
    if (group !== undefined) message.messageGroupId ??= group;
    enqueue(message);
  };
  return queue;
}
