import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';

/** What a schedule was to publish, as EventBridge Scheduler left it in its dead-letter queue. */
export interface ScheduledPublish {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly group: string | undefined;
}

type Attributes = Readonly<Record<string, MessageAttributeValue>>;

/** Whether it is a schedule's: its body is the input then, the parameters of SNS's Publish. */
export function isFromScheduler(attributes: Attributes): boolean {
  return attributes.SCHEDULE_ARN?.StringValue !== undefined && attributes.TARGET_ARN !== undefined;
}

/**
 * What a letter of Scheduler was to publish; undefined for any other letter, and where the input cannot be read, such as
 * one that Scheduler cut off. Its keyword for the scheduled time is filled in, where that still stands in it.
 */
export function scheduledPublish(input: string, attributes: Attributes): ScheduledPublish | undefined {
  if (!isFromScheduler(attributes)) return undefined;
  const { SCHEDULED_TIME: time, SCHEDULE_ARN: arn } = attributes;
  const text = input
    .replaceAll('<aws.scheduler.scheduled-time>', time?.StringValue ?? '')
    .replaceAll('<aws.scheduler.schedule-arn>', arn?.StringValue ?? '');
  try {
    const { Message: body, MessageAttributes = {}, MessageGroupId: group } = schema.parse(JSON.parse(text));
    return { body, attributes: MessageAttributes, group };
  } catch {
    return undefined;
  }
}

/** As far as it is read here. */
const schema = z.object({
  Message: z.string(),
  MessageAttributes: z.optional(
    z.record(z.string(), z.looseObject({ DataType: z.string(), StringValue: z.optional(z.string()) })),
  ),
  MessageGroupId: z.optional(z.string()),
});

/** Why Scheduler gave up, in one line; undefined for a letter that is not its own. */
export function schedulerError(attributes: Attributes): string | undefined {
  if (!isFromScheduler(attributes)) return undefined;
  const text = (name: string): string => attributes[name]?.StringValue ?? '';
  const schedule = text('SCHEDULE_ARN').split(':schedule/').at(-1);
  const retries = text('RETRY_ATTEMPTS');
  const after = retries === '' || retries === '0' ? '' : `, after ${retries} retries`;
  const cut = text('IS_PAYLOAD_TRUNCATED') === 'true' ? '; its input is cut off' : '';
  return `Scheduler: ${text('ERROR_CODE')}: ${text('ERROR_MESSAGE')} (schedule ${schedule}${after}${cut})`;
}
