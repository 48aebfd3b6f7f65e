import type { Engine } from '../aws/engine/engine.ts';

/** What goes to a job. */
export interface JobMessage {
  readonly jobName: string;
  readonly payload: unknown;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A message that cannot be published. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
}

/**
 * Publishes to the job topic.
 * @throws {PublishError} without one, and for what has no JSON
 */
export async function publishToJobs(
  engine: Engine,
  topicArn: string | undefined,
  { jobName, payload, attributes = {} }: JobMessage,
): Promise<{ messageId: string }> {
  if (topicArn === undefined)
    throw new PublishError('The template has no topic with job subscriptions to publish to.');
  const Message = asJson(payload);
  const strings = Object.entries({ ...attributes, jobName });
  const MessageAttributes = Object.fromEntries(
    strings.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  const { MessageId } = await engine.sns('Publish', { TopicArn: topicArn, Message, MessageAttributes });
  return { messageId: MessageId };
}

/** @throws {PublishError} for what has no JSON, or is nested deeper than it can be written */
function asJson(payload: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(payload);
  } catch (cause) {
    throw new PublishError(`The payload cannot be written as JSON: ${(cause as Error).message}.`, { cause });
  }
  if (json === undefined) throw new PublishError(`The payload must be JSON, got ${typeof payload}.`);
  return json;
}
