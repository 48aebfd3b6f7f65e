import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IDependable } from 'constructs';
import { durationSeconds } from '../../src/job/duration.ts';
import { type JobSchedule, jobSchedules } from '../../src/job/schedule.ts';
import {
  publishInput,
  publishTargetArn,
  retryPolicy,
  scheduledTime,
} from '../../src/message/scheduledPublish.ts';
import { scheduleName } from '../../src/names.ts';
import type { BundledJob } from '../bundle/bundle.ts';
import type { JobSchedules } from './jobSchedules.ts';

export interface RecurringSchedulesProps {
  readonly job: BundledJob;
  readonly topic: ITopic;
  readonly undeliveredQueue: IQueue;
  /** The platform's role and groups. */
  readonly schedules: JobSchedules;
  /** The job's: what fires before it exists, as a rate does at once, would reach nobody. */
  readonly subscription: IDependable;
}

/** The schedules of a job's file. They hold no data, so they go with the job or the option, in production too. */
export function addRecurringSchedules(scope: Construct, props: RecurringSchedulesProps): void {
  for (const schedule of jobSchedules(props.job.job)) addSchedule(scope, schedule, props);
}

/**
 * The job's ID is the schedule and the time that it was to fire: should Scheduler fire twice, which it may, it is one
 * job to idempotency.
 */
function addSchedule(scope: Construct, schedule: JobSchedule, props: RecurringSchedulesProps): void {
  const { job, topic, undeliveredQueue, schedules, subscription } = props;
  const name = scheduleName(job.name, schedule.name);
  const resource = new CfnSchedule(scope, `Schedule-${schedule.name}`, {
    name,
    groupName: schedules.recurringGroup().ref,
    description: `Publishes the job ${job.name}`,
    scheduleExpression: schedule.expression,
    scheduleExpressionTimezone: schedule.timezone,
    state: schedule.enabled ? 'ENABLED' : 'DISABLED',
    ...dates(schedule),
    flexibleTimeWindow: flexibleTimeWindow(schedule),
    target: {
      arn: publishTargetArn,
      roleArn: schedules.role.roleArn,
      input: publishInput({
        topicArn: topic.topicArn,
        body: JSON.stringify(schedule.payload),
        attributes: { jobName: job.name, jobId: `${name}-${scheduledTime}` },
      }),
      deadLetterConfig: { arn: undeliveredQueue.queueArn },
      retryPolicy: {
        maximumEventAgeInSeconds: retryPolicy.MaximumEventAgeInSeconds,
        maximumRetryAttempts: retryPolicy.MaximumRetryAttempts,
      },
    },
  });
  resource.node.addDependency(subscription);
}

/**
 * Scheduler refuses a start that lies more than five minutes back, on every update too, so one that is past is left
 * out. A cron expression fires as before; a rate counts from the deployment that finds it past.
 */
function dates({ start, end }: JobSchedule): { startDate?: string; endDate?: string } {
  const isAhead = start !== undefined && Date.parse(start) > Date.now();
  return {
    ...(isAhead ? { startDate: new Date(start).toISOString() } : {}),
    ...(end === undefined ? {} : { endDate: new Date(end).toISOString() }),
  };
}

function flexibleTimeWindow({ flexibleWindow }: JobSchedule): CfnSchedule.FlexibleTimeWindowProperty {
  if (flexibleWindow === undefined) return { mode: 'OFF' };
  return { mode: 'FLEXIBLE', maximumWindowInMinutes: durationSeconds(flexibleWindow) / 60 };
}
