import type { MessageAttributes, Queue, StoredMessage } from './fauxqs.ts';

export interface QueuedMessage {
  messageId: string;
  body: string;
  messageAttributes: MessageAttributes;
  /** Epoch ms of the first send; a move to a dead-letter queue keeps it. */
  sentTimestamp: number;
  /** Epoch ms at which it came into this queue: the send, or the move to the dead-letter queue. */
  enteredAtMs: number;
  receiveCount: number;
  firstReceivedAtMs?: number;
  /** The queue whose redrive policy moved it here. */
  deadLetterSourceArn?: string;
}

/** A queue and its messages. `attributes` are as they were set, unscaled. */
export interface QueueState {
  name: string;
  url: string;
  arn: string;
  attributes: Record<string, string>;
  visible: QueuedMessage[];
  notVisible: (QueuedMessage & { receiptHandle: string; visibleAtMs: number })[];
  delayed: (QueuedMessage & { visibleAtMs: number })[];
}

export interface QueueCounts {
  visible: number;
  notVisible: number;
  delayed: number;
  /** Epoch ms; the oldest first send among all messages of the queue. */
  oldestSentAtMs: number | undefined;
  /** Epoch ms; as `oldestSentAtMs`, but counted from the arrival in this very queue. */
  oldestEnteredAtMs: number | undefined;
}

export function queueState(queue: Queue): QueueState {
  queue.processTimers(); // what is past its visibility timeout is visible, received again or not
  const { ready, delayed, inflight } = queue.inspectMessages();
  return {
    name: queue.name,
    url: queue.url,
    arn: queue.arn,
    attributes: queue.getAllAttributes(['All']),
    visible: ready.map(queuedMessage),
    notVisible: inflight.map(({ message, receiptHandle, visibilityDeadline }) => ({
      ...queuedMessage(message),
      receiptHandle,
      visibleAtMs: visibilityDeadline,
    })),
    delayed: delayed.map((message) => ({
      ...queuedMessage(message),
      visibleAtMs: message.delayUntil ?? message.sentTimestamp,
    })),
  };
}

/** Counts in place: nothing is copied or sorted, so that it can be asked every second of every queue. */
export function queueCounts(queue: Queue): QueueCounts {
  queue.processTimers();
  const counts: QueueCounts = {
    visible: queue.messages.length,
    notVisible: queue.inflightMessages.size,
    delayed: queue.delayedMessages.length,
    oldestSentAtMs: undefined,
    oldestEnteredAtMs: undefined,
  };
  for (const message of queue.messages) noteOldest(counts, message);
  for (const message of queue.delayedMessages) noteOldest(counts, message);
  for (const { message } of queue.inflightMessages.values()) noteOldest(counts, message);
  for (const [key, groups] of [
    ['visible', queue.fifoMessages],
    ['delayed', queue.fifoDelayed],
  ] as const) {
    for (const messages of groups.values()) {
      counts[key] += messages.length;
      for (const message of messages) noteOldest(counts, message);
    }
  }
  return counts;
}

function noteOldest(counts: QueueCounts, message: StoredMessage): void {
  const { sentTimestamp, enteredAtMs = sentTimestamp } = message;
  counts.oldestSentAtMs = Math.min(counts.oldestSentAtMs ?? sentTimestamp, sentTimestamp);
  counts.oldestEnteredAtMs = Math.min(counts.oldestEnteredAtMs ?? enteredAtMs, enteredAtMs);
}

function queuedMessage(message: StoredMessage): QueuedMessage {
  const { messageId, body, messageAttributes, sentTimestamp } = message;
  const { approximateFirstReceiveTimestamp, deadLetterSourceArn } = message;
  return {
    messageId,
    body,
    messageAttributes,
    sentTimestamp,
    enteredAtMs: message.enteredAtMs ?? sentTimestamp,
    receiveCount: message.approximateReceiveCount,
    ...(approximateFirstReceiveTimestamp && { firstReceivedAtMs: approximateFirstReceiveTimestamp }),
    ...(deadLetterSourceArn && { deadLetterSourceArn }),
  };
}
