import { type Letter, letterOf } from './letter.ts';
import { attemptsMadeAttribute, type JobMessage } from './received.ts';

/**
 * A message for its own queue once more, as if this delivery had not been: with its ID, and the attempts before this one.
 * @param delaySeconds until it can be received, at most 900
 * @throws {RangeError} when its attributes leave no room for them, or it is a copy of too many copies
 */
export function messageCopy(message: JobMessage, delaySeconds: number): Letter {
  const { record, receiveCount, jobId } = message;
  const [, , copies = '0'] = record.messageAttributes?.[attemptsMadeAttribute]?.stringValue?.split('@') ?? [];
  if (Number(copies) >= maxCopies)
    throw new RangeError(`sent again ${copies} times: Lambda ends longer loops`);
  const made = `${receiveCount - 1}@${Date.now()}@${Number(copies) + 1}`;
  const letter = letterOf(message, attemptsMadeAttribute, made);
  const keepsId = jobId !== record.messageId || 'jobId' in letter.MessageAttributes;
  if (!keepsId) throw new RangeError('no room for its jobId in 10 attributes');
  return { ...letter, DelaySeconds: delaySeconds };
}

/**
 * A function that has sent the message it gets next for about 16 times in a row gets no more of it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
const maxCopies = 12;
