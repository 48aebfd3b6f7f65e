import { randomUUID } from 'node:crypto';
import type { FauxqsInternals, FauxqsStores, StoredMessage } from './fauxqs.ts';
import { type AcceptedPublish, messageFor } from './publishes.ts';

/**
 * Honours the RedrivePolicy of subscriptions, which fauxqs ignores: a message for a queue that does not exist (any
 * more) goes to the subscription's dead-letter queue, with the attributes that SNS adds there.
 */
export function deadLetterUndelivered(
  publish: AcceptedPublish,
  { sqsStore, snsStore }: FauxqsStores,
  internals: FauxqsInternals,
): void {
  const topic = snsStore.getTopic(publish.topicArn);
  for (const arn of topic?.subscriptionArns ?? []) {
    const subscription = snsStore.getSubscription(arn);
    if (subscription?.protocol !== 'sqs' || sqsStore.getQueueByArn(subscription.endpoint)) continue;
    const deadLetterQueue = sqsStore.getQueueByArn(deadLetterArn(subscription.attributes.RedrivePolicy));
    if (!deadLetterQueue) continue;
    const enqueue = (message: StoredMessage) => {
      message.messageAttributes = {
        ...message.messageAttributes,
        ...failureAttributes(subscription.endpoint),
      };
      message.md5OfMessageAttributes = internals.md5OfMessageAttributes(message.messageAttributes);
      deadLetterQueue.enqueue(message);
    };
    // The same delivery once more (filter policy, envelope or raw), for this one subscription and to that queue.
    internals.fanOutToSubscriptions({
      ...publish,
      message: messageFor(publish, 'sqs'),
      topic: { ...topic, subscriptionArns: [arn] },
      snsStore,
      sqsStore: { getQueueByArn: () => ({ isFifo: () => false, enqueue }) },
    });
  }
}

function deadLetterArn(redrivePolicy: string | undefined): string {
  try {
    return String(JSON.parse(redrivePolicy ?? '{}').deadLetterTargetArn);
  } catch {
    return ''; // not JSON: as good as none
  }
}

function failureAttributes(endpoint: string) {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  return {
    RequestID: text(randomUUID()),
    ErrorCode: text('AWS.SimpleQueueService.NonExistentQueue'),
    ErrorMessage: text(`The specified queue does not exist: ${endpoint}`),
  };
}
