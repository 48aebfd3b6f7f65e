import type { Queue, SqsStore, StoredMessage } from './fauxqs.ts';
import { scaledSeconds } from './timeScale.ts';

const SWEEP_INTERVAL_MS = 1_000;

/**
 * Deletes messages past their queue's MessageRetentionPeriod (fauxqs never does), in flight or not, without
 * receiving them. The period counts from the first send, in a dead-letter queue too, as on AWS. Returns a stop.
 */
export function enforceRetention(sqsStore: SqsStore, speed: number): () => void {
  const timer = setInterval(() => {
    for (const queue of sqsStore.allQueues()) sweepQueue(queue, speed, Date.now());
  }, SWEEP_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function sweepQueue(queue: Queue, speed: number, nowMs: number): void {
  const retentionMs = scaledSeconds(Number(queue.attributes.MessageRetentionPeriod), speed) * 1_000;
  const isExpired = (message: StoredMessage) => message.sentTimestamp + retentionMs <= nowMs;
  queue.messages = withoutExpired(queue.messages, isExpired);
  queue.delayedMessages = withoutExpired(queue.delayedMessages, isExpired);
  for (const groups of [queue.fifoMessages, queue.fifoDelayed]) {
    for (const [group, messages] of groups) groups.set(group, withoutExpired(messages, isExpired));
  }
  for (const [receiptHandle, entry] of queue.inflightMessages) {
    if (isExpired(entry.message)) queue.deleteMessage(receiptHandle);
  }
}

/** The same array when nothing expired, which is nearly always. */
function withoutExpired(messages: StoredMessage[], isExpired: (message: StoredMessage) => boolean) {
  return messages.some(isExpired) ? messages.filter((message) => !isExpired(message)) : messages;
}
