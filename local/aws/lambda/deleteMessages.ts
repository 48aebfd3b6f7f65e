import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { ReceivedMessage } from './sqsEvent.ts';

const BATCH_SIZE = 10;
const ATTEMPTS = 3;

/** Deletes processed messages in batches; what cannot be deleted is told and will be delivered again. */
export async function deleteMessages(
  engine: Engine,
  queueName: string,
  messages: ReceivedMessage[],
  onWarning: (text: string) => void,
): Promise<void> {
  for (let i = 0; i < messages.length; i += BATCH_SIZE) {
    let remaining = messages.slice(i, i + BATCH_SIZE);
    let reason = '';
    for (let attempt = 1; attempt <= ATTEMPTS && remaining.length > 0; attempt++) {
      if (attempt > 1) await sleep(100 * attempt);
      ({ remaining, reason } = await deleteBatch(engine, queueName, remaining));
    }
    if (remaining.length > 0) {
      const ids = remaining.map((message) => message.MessageId).join(', ');
      onWarning(
        `Processed messages of ${queueName} could not be deleted and will come back: ${ids} (${reason})`,
      );
    }
  }
}

async function deleteBatch(engine: Engine, queueName: string, messages: ReceivedMessage[]) {
  try {
    const { Failed = [] } = await engine.sqs<{ Failed?: { Id: string; Message?: string }[] }>(
      'DeleteMessageBatch',
      {
        QueueUrl: engine.queueUrl(queueName),
        Entries: messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle })),
      },
    );
    const failed = new Set(Failed.map(({ Id }) => Number(Id)));
    return { remaining: messages.filter((_, i) => failed.has(i)), reason: Failed[0]?.Message ?? '' };
  } catch (error) {
    return { remaining: messages, reason: (error as Error).message };
  }
}
