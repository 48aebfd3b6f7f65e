import type { MessageAttributes } from './limits.ts';

/** Scheduler's universal target for SNS. Its templated target takes no attributes, by which messages are routed. */
export const publishTargetArn = 'arn:aws:scheduler:::aws-sdk:sns:publish';

/** Scheduler tries for a day. These are its own defaults, and the most that it allows. */
export const retryPolicy = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 } as const;

/** The largest input of a schedule, in bytes: the message and its attributes, as JSON in JSON. */
export const maxInputBytes = 262_144;

/** Scheduler replaces this keyword when it fires, by the time for which it fires, such as `2026-11-21T09:00:00Z`. */
export const scheduledTime = '<aws.scheduler.scheduled-time>';

/** How each keyword begins that Scheduler replaces, wherever it stands in an input. */
export const keywordStart = '<aws.scheduler.';

interface ScheduledMessage {
  readonly topicArn: string;
  /** JSON. */
  readonly body: string;
  /** String attributes, `jobName` and `jobId` among them. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The message's `MessageGroupId`, if any. */
  readonly group?: string | undefined;
}

/** A schedule's input: the parameters of SNS's Publish. */
export function publishInput({ topicArn, body, attributes, group }: ScheduledMessage): string {
  const entries = Object.entries(attributes).map(
    ([name, value]) => [name, { DataType: 'String', StringValue: value }] as const,
  );
  return JSON.stringify({
    TopicArn: topicArn,
    Message: body,
    MessageAttributes: Object.fromEntries(entries),
    ...(group === undefined ? {} : { MessageGroupId: group }),
  });
}

/** The same JSON, written so that Scheduler finds no keyword in it and publishes it unchanged. */
export function withoutKeywords(json: string): string {
  return json.replaceAll(keywordStart, `\\u003c${keywordStart.slice(1)}`);
}

/** The message that a schedule publishes. */
export interface ScheduledPublish {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly group: string | undefined;
}

/**
 * Reads a schedule's input. Undefined for one that does not publish to SNS, because people make schedules of their own.
 */
export function readPublish(input: string | undefined): ScheduledPublish | undefined {
  try {
    const {
      Message: body,
      MessageAttributes: attributes = {},
      MessageGroupId: group,
    } = JSON.parse(input ?? '');
    const isPublish = typeof body === 'string' && ['string', 'undefined'].includes(typeof group);
    return isPublish && areAttributes(attributes) ? { body, attributes, group } : undefined;
  } catch {
    return undefined;
  }
}

/** An attribute's text. Undefined for an attribute that is missing or binary. */
export function attributeText(publish: ScheduledPublish | undefined, name: string): string | undefined {
  return publish?.attributes[name]?.StringValue;
}

function areAttributes(value: unknown): value is MessageAttributes {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((attribute) => {
      const { DataType, StringValue = '' } = Object(attribute);
      return typeof DataType === 'string' && typeof StringValue === 'string';
    })
  );
}

/**
 * An input in which Scheduler's keywords are replaced by their values. A keyword without a value stays.
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export function filledIn(input: string, values: Readonly<Record<string, string>>): string {
  return input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (keyword, name) => values[name] ?? keyword);
}

/** Whether a letter comes from Scheduler, which could not publish it. Its body is the schedule's input. */
export function isFromScheduler(attributes: MessageAttributes): boolean {
  return attributes.SCHEDULE_ARN?.StringValue !== undefined && attributes.TARGET_ARN !== undefined;
}

/**
 * The message that a letter of Scheduler was to publish, with its keywords replaced. Undefined for any other letter, and
 * where the input cannot be read, such as one that Scheduler cut off.
 */
export function unpublished(input: string, attributes: MessageAttributes): ScheduledPublish | undefined {
  if (!isFromScheduler(attributes)) return undefined;
  const { SCHEDULED_TIME: time, SCHEDULE_ARN: arn } = attributes;
  const values = { 'scheduled-time': time?.StringValue ?? '', 'schedule-arn': arn?.StringValue ?? '' };
  return readPublish(filledIn(input, values));
}

/** Why Scheduler gave up, in one line. Undefined for any other letter. */
export function schedulerError(attributes: MessageAttributes): string | undefined {
  if (!isFromScheduler(attributes)) return undefined;
  const text = (name: string): string => attributes[name]?.StringValue ?? '';
  const schedule = text('SCHEDULE_ARN').split(':schedule/').at(-1);
  const retries = text('RETRY_ATTEMPTS');
  const after = retries === '' || retries === '0' ? '' : `, after ${retries} retries`;
  const cut = text('IS_PAYLOAD_TRUNCATED') === 'true' ? '; its input is cut off' : '';
  return `Scheduler: ${text('ERROR_CODE')}: ${text('ERROR_MESSAGE')} (schedule ${schedule}${after}${cut})`;
}
