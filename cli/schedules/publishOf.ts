import { randomUUID } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sns';
import { publishTargetArn } from '../../src/message/scheduledPublish.ts';
import type { Schedule } from './group.ts';

/** What a schedule publishes when it fires. */
export interface ScheduledPublish {
  readonly jobName: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly group: string | undefined;
}

/** Undefined for a schedule that publishes no job. */
export function publishOf({ Target }: Schedule): ScheduledPublish | undefined {
  return Target?.Arn === publishTargetArn ? parsedPublish(Target.Input ?? '') : undefined;
}

/** What it would publish at that time: Scheduler's keywords (User Guide, "Adding context attributes") are filled in. */
export function publishAt(schedule: Schedule, at: Date): ScheduledPublish | undefined {
  const { Arn = '', Target } = schedule;
  if (Target?.Input === undefined) return undefined;
  const values: Readonly<Record<string, string>> = {
    'scheduled-time': at.toISOString().replace(/\.\d+Z$/, 'Z'),
    'schedule-arn': Arn,
    'execution-id': randomUUID(),
    'attempt-number': '1',
  };
  const Input = Target.Input.replace(
    /<aws\.scheduler\.([a-z-]+)>/g,
    (keyword, name) => values[name] ?? keyword,
  );
  return publishOf({ ...schedule, Target: { ...Target, Input } });
}

/** The parameters of SNS's Publish, as far as they can be read. */
function parsedPublish(input: string): ScheduledPublish | undefined {
  try {
    const { Message, MessageAttributes, MessageGroupId } = JSON.parse(input);
    const jobName = MessageAttributes?.jobName?.StringValue;
    if (typeof Message !== 'string' || typeof jobName !== 'string') return undefined;
    return { jobName, body: Message, attributes: MessageAttributes, group: MessageGroupId };
  } catch {
    return undefined;
  }
}
