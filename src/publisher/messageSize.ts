import { attributeBytes, maxClaimCheckBytes, maxMessageBytes } from '../message/limits.ts';
import { maxInputBytes } from '../message/scheduledPublish.ts';
import { longestOffloadedDelayMs, onceInput } from './delay/onceSchedule.ts';
import { MessageTooLargeError } from './errors.ts';
import type { Message } from './message.ts';

/** What counts: for SNS the body and the attributes; for Scheduler all that it keeps, the body as JSON in JSON. */
export function sizeOf(message: Omit<Message, 'bytes'>, topicArn: string): number {
  const { body, attributes, at } = message;
  return at === undefined
    ? Buffer.byteLength(body) + attributeBytes(attributes)
    : Buffer.byteLength(onceInput(topicArn, message));
}

export function isTooLarge({ bytes, at }: Pick<Message, 'bytes' | 'at'>): boolean {
  return bytes > (at === undefined ? maxMessageBytes : maxInputBytes);
}

/**
 * Whether a message that is too large can go through S3.
 * @param pointer its body then; undefined where there is no bucket
 * @throws {MessageTooLargeError} when it can neither be sent nor go through S3
 */
export function checkSize(
  message: Message,
  pointer: string | undefined,
  { topicArn, nowMs }: { readonly topicArn: string; readonly nowMs: number },
): void {
  const { jobName, body, at, bytes } = message;
  const [maxBytes, bound] = at === undefined ? snsBound : schedulerBound;
  const refused = (problem: string, max: number = maxBytes) =>
    new MessageTooLargeError(jobName, bytes, max, problem);
  if (pointer === undefined) {
    throw refused(`${bound}. Give createPublisher a filesBucket, and larger payloads travel through S3`);
  }
  if (Buffer.byteLength(body) > maxClaimCheckBytes) {
    const problem = `through S3 its payload may have ${maxClaimCheckBytes}. Put the data in S3 and publish its key`;
    throw refused(problem, maxClaimCheckBytes);
  }
  const parts = { ...message, body: pointer };
  if (isTooLarge({ ...parts, bytes: sizeOf(parts, topicArn) })) {
    throw refused(`${bound}, and its attributes alone are too large. Put them in the payload`);
  }
  const last = nowMs + longestOffloadedDelayMs;
  if (at !== undefined && at.getTime() > last) {
    const advice = 'Put the data where it is kept, and publish its key';
    throw refused(
      `${bound}. S3 keeps a payload long enough for a time up to ${new Date(last).toISOString()}. ${advice}`,
    );
  }
}

const snsBound = [maxMessageBytes, `SNS takes ${maxMessageBytes}, body and attributes together`] as const;

const schedulerBound = [
  maxInputBytes,
  `EventBridge Scheduler takes ${maxInputBytes}, body and attributes together, as JSON in JSON`,
] as const;
