/** Scheduler's universal target for SNS: the templated one takes a body only, and nothing routes that. */
export const publishTargetArn = 'arn:aws:scheduler:::aws-sdk:sns:publish';

/** Scheduler's own defaults (the most that it allows), said explicitly: it tries for a day. */
export const retryPolicy = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 } as const;

/** The most that a schedule's input may have, in bytes: the message and its attributes, as JSON in JSON. */
export const maxInputBytes = 262_144;

/** Filled in by Scheduler when it fires: the time that it was to fire, such as `2026-11-21T09:00:00Z`. */
export const scheduledTime = '<aws.scheduler.scheduled-time>';

export interface ScheduledMessage {
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
