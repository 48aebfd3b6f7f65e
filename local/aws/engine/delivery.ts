import type { FauxqsInternals, FauxqsStores } from './fauxqs.ts';
import { type AcceptedPublish, messageFor } from './publishes.ts';

/**
 * Puts an accepted publish into the queues that are subscribed to its topic, each with the message for SQS and the
 * publish's group, which fauxqs' own Publish gives to FIFO topics alone.
 */
export function deliver(
  publish: AcceptedPublish,
  { sqsStore, snsStore }: FauxqsStores,
  internals: FauxqsInternals,
): void {
  const topic = snsStore.getTopic(publish.topicArn);
  if (!topic) return;
  const isFifo = topic.attributes.FifoTopic === 'true';
  const { messageDeduplicationId: given } = publish;
  internals.fanOutToSubscriptions({
    ...publish,
    message: messageFor(publish, 'sqs'),
    messageDeduplicationId: isFifo
      ? (given ?? internals.SqsStore.contentBasedDeduplicationId(publish.message))
      : undefined,
    topic,
    snsStore,
    sqsStore,
  });
}
