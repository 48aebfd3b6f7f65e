import type { MessageAttributes } from './limits.ts';

/** Scheduler's universal target for SNS: the templated one takes a body only, and nothing routes that. */
export const publishTargetArn = 'arn:aws:scheduler:::aws-sdk:sns:publish';

/** Scheduler's own defaults (the most that it allows), said explicitly: it tries for a day. */
export const retryPolicy = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 } as const;

/** The most that a schedule's input may have, in bytes: the message and its attributes, as JSON in JSON. */
export const maxInputBytes = 262_144;

/** Filled in by Scheduler when it fires: the time that it was to fire, such as `2026-11-21T09:00:00Z`. */
export const scheduledTime = '<aws.scheduler.scheduled-time>';

/** How each of Scheduler's keywords begins, which it fills in wherever they stand. */
export const keywordStart = '<aws.scheduler.';

interface ScheduledMessage {
  readonly topicArn: string;
  /** JSON. */
  readonly body: string;
  /** String attributes, `jobName` and `jobId` among them. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The MessageGroupId, where it has one. */
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

/** A payload in which Scheduler finds no keyword: it is published as it was given. */
export function withoutKeywords(json: string): string {
  return json.replaceAll(keywordStart, `\\u003c${keywordStart.slice(1)}`);
}

/** What a schedule publishes, as far as its input is read. */
export interface ScheduledPublish {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly group: string | undefined;
}

/** Undefined for an input that is not Publish's: people make schedules of their own. */
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

/** An attribute's text; undefined for an attribute that is not there, or is binary. */
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
 * An input with Scheduler's keywords filled in, those that have a value.
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export function filledIn(input: string, values: Readonly<Record<string, string>>): string {
  return input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (keyword, name) => values[name] ?? keyword);
}

/** Whether a letter is a schedule's: Scheduler could not publish it, and its body is the input. */
export function isFromScheduler(attributes: MessageAttributes): boolean {
  return attributes.SCHEDULE_ARN?.StringValue !== undefined && attributes.TARGET_ARN !== undefined;
}

/**
 * What a letter of Scheduler was to publish; undefined for any other letter, and where the input cannot be read, such as
 * one that Scheduler cut off. Its keyword for the scheduled time is filled in, where that still stands in it.
 */
export function unpublished(input: string, attributes: MessageAttributes): ScheduledPublish | undefined {
  if (!isFromScheduler(attributes)) return undefined;
  const { SCHEDULED_TIME: time, SCHEDULE_ARN: arn } = attributes;
  const values = { 'scheduled-time': time?.StringValue ?? '', 'schedule-arn': arn?.StringValue ?? '' };
  return readPublish(filledIn(input, values));
}

/** Why Scheduler gave up, in one line; undefined for a letter that is not its own. */
export function schedulerError(attributes: MessageAttributes): string | undefined {
  if (!isFromScheduler(attributes)) return undefined;
  const text = (name: string): string => attributes[name]?.StringValue ?? '';
  const schedule = text('SCHEDULE_ARN').split(':schedule/').at(-1);
  const retries = text('RETRY_ATTEMPTS');
  const after = retries === '' || retries === '0' ? '' : `, after ${retries} retries`;
  const cut = text('IS_PAYLOAD_TRUNCATED') === 'true' ? '; its input is cut off' : '';
  return `Scheduler: ${text('ERROR_CODE')}: ${text('ERROR_MESSAGE')} (schedule ${schedule}${after}${cut})`;
}
