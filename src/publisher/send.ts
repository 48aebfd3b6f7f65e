import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Clock } from './clock.ts';
import type { Delay } from './delay/delay.ts';
import type { Delayed, Published, PublishResult } from './item.ts';
import type { Message } from './message.ts';
import { callError, sendBatch } from './sendBatch.ts';

/** How messages leave. */
export interface Way {
  readonly sns: SNSClient;
  readonly topicArn: string;
  readonly delay: Delay;
  readonly clock: Clock;
}

/**
 * Publishes one message, or has it published later. One whose time came while its payload was stored goes at once.
 * @throws {PublishFailedError | DelayError}
 */
export async function sendOne(message: Message, way: Way): Promise<Published | Delayed> {
  const { jobId, at } = message;
  if (isLater(message, way)) return { jobId, at: (await way.delay.schedule(message, message.at)).at };
  const { messageId } = await publish(message, way);
  return { jobId, messageId, ...(at && { at }) };
}

/** Sends at most 10 messages, some of them later. Gives a result for each, in their order; never throws. */
export async function sendSome(messages: readonly Message[], way: Way): Promise<PublishResult[]> {
  const { sns, topicArn, clock } = way;
  const now = messages.filter((message) => !isLater(message, way));
  const [published, delayed] = await Promise.all([
    now.length === 0 ? [] : sendBatch(sns, topicArn, now, clock),
    Promise.all(
      messages.filter((message) => !now.includes(message)).map((message) => scheduled(message, way)),
    ),
  ]);
  const results = { published: published.values(), delayed: delayed.values() };
  return messages.map(
    (message) => results[now.includes(message) ? 'published' : 'delayed'].next().value as PublishResult,
  );
}

function isLater(message: Message, { clock }: Way): message is Message & { at: Date } {
  return message.at !== undefined && message.at.getTime() > clock.now();
}

async function scheduled(message: Message, { delay }: Way): Promise<PublishResult> {
  const { jobId } = message;
  try {
    const { at } = await delay.schedule(message, message.at as Date);
    return { status: 'delayed', jobId, at };
  } catch (error) {
    return { status: 'failed', jobId, error: error as Error };
  }
}

async function publish(message: Message, { sns, topicArn }: Way): Promise<Published> {
  const { jobId, body, attributes, group } = message;
  const command = new PublishCommand({
    TopicArn: topicArn,
    Message: body,
    MessageAttributes: { ...attributes },
    ...(group === undefined ? {} : { MessageGroupId: group }),
  });
  try {
    const { MessageId = '' } = await sns.send(command);
    return { jobId, messageId: MessageId };
  } catch (error) {
    throw callError(message, error);
  }
}
