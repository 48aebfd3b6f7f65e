import { randomUUID } from 'node:crypto';
import {
  attributeText,
  filledIn,
  publishTargetArn,
  readPublish,
  type ScheduledPublish,
} from '../../src/message/scheduledPublish.ts';
import type { Schedule } from './group.ts';

/** The job that a schedule publishes when it fires. */
export interface JobPublish extends ScheduledPublish {
  readonly jobName: string;
}

/** Undefined for a schedule that publishes no job. */
export function publishOf({ Target }: Schedule): JobPublish | undefined {
  const publish = Target?.Arn === publishTargetArn ? readPublish(Target.Input) : undefined;
  const jobName = attributeText(publish, 'jobName');
  return publish === undefined || jobName === undefined ? undefined : { ...publish, jobName };
}

/** What it would publish at that time. */
export function publishAt(schedule: Schedule, at: Date): JobPublish | undefined {
  const { Arn = '', Target } = schedule;
  if (Target?.Input === undefined) return undefined;
  const Input = filledIn(Target.Input, {
    'scheduled-time': at.toISOString().replace(/\.\d+Z$/, 'Z'),
    'schedule-arn': Arn,
    'execution-id': randomUUID(),
    'attempt-number': '1',
  });
  return publishOf({ ...schedule, Target: { ...Target, Input } });
}
