import type { SQSRecord } from 'aws-lambda';
import { messageCopy } from '../message/letter.ts';
import { readMessage } from '../message/received.ts';
import type { MessageRunSurroundings } from './run.ts';

/**
 * Lets others have a message that was not run. A copy takes its place, because each receive of a message counts as an
 * attempt; where that cannot be sent, the message itself is there again at once. Never rejects.
 */
export async function giveBack(
  record: SQSRecord,
  { queue, logger }: Pick<MessageRunSurroundings, 'queue' | 'logger'>,
): Promise<void> {
  const { messageId, receiptHandle } = record;
  try {
    await queue.sendAgain(messageCopy(readMessage(record), 0), AbortSignal.timeout(sendTimeoutMs));
  } catch (error) {
    logger.warn('given back as it is: the receive counts as an attempt', { messageId, error });
    return queue.changeVisibility(receiptHandle, 0).catch((refusal: Error) => {
      const text = 'not released: the message comes back after its visibility timeout';
      logger.warn(text, { messageId, error: refusal });
    });
  }
  await queue.delete(receiptHandle).catch((error: Error) => {
    logger.error('not deleted: the message is delivered and run once more', { messageId, error });
  });
}

/** A process that stops has little time. */
const sendTimeoutMs = 3000;
