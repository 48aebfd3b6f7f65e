import { Grant, type IGrantable, PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Stack } from 'aws-cdk-lib/core';
import { Construct, type IDependable } from 'constructs';
import { durationSeconds } from '../../src/job/duration.ts';
import { type JobSchedule, jobSchedules } from '../../src/job/schedule.ts';
import {
  publishInput,
  publishTargetArn,
  retryPolicy,
  scheduledTime,
} from '../../src/message/scheduledPublish.ts';
import { scheduleName, schedulerRoleName } from '../../src/names.ts';
import type { BundledJob } from '../bundle/bundle.ts';
import { allow } from '../platform/permissions.ts';
import { keptInProduction } from '../platform/platformQueue.ts';
import type { ResourceNames } from '../platform/resourceNames.ts';

interface JobSchedulesProps {
  readonly names: ResourceNames;
  readonly topic: ITopic;
  /** Undefined where the topic has no key. */
  readonly topicKey: IKey | undefined;
  /** Takes the messages that Scheduler could not publish. */
  readonly undeliveredQueue: IQueue;
}

/**
 * What schedules share: a group for the schedules of job files, a group for delayed publishes (which are made at run
 * time), and the role that publishes.
 */
export class JobSchedules extends Construct {
  readonly role: Role;
  readonly #names: ResourceNames;
  #recurringGroup: CfnScheduleGroup | undefined;

  constructor(scope: Construct, id: string, props: JobSchedulesProps) {
    super(scope, id);
    const { names } = props;
    this.#names = names;
    this.role = this.#addRole(props);
    const onceGroup = new CfnScheduleGroup(this, 'OnceGroup', { name: names.onceScheduleGroup });
    // Its schedules are messages that are still to be published.
    if (names.isProduction) onceGroup.applyRemovalPolicy(keptInProduction);
  }

  /** The group of the job files' schedules, which exists as soon as a job recurs. */
  recurringGroup(): CfnScheduleGroup {
    this.#recurringGroup ??= new CfnScheduleGroup(this, 'RecurringGroup', {
      name: this.#names.scheduleGroup,
    });
    return this.#recurringGroup;
  }

  /** Lets a publisher create, move and cancel delayed publishes. Listing needs scheduler:ListSchedules on all groups. */
  grantDelay(grantee: IGrantable): Grant {
    const { onceScheduleGroup } = this.#names;
    const schedules = this.#arnOf('schedule', `${onceScheduleGroup}/*`);
    const onSchedules = Grant.addToPrincipal({
      grantee,
      actions: ['Create', 'Get', 'Update', 'Delete'].map((action) => `scheduler:${action}Schedule`),
      resourceArns: [schedules],
    });
    const onRole = Grant.addToPrincipal({
      grantee,
      actions: ['iam:PassRole'],
      resourceArns: [this.role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': scheduler } },
    });
    return onSchedules.combine(onRole);
  }

  /** Scheduler may assume the role for schedules of the platform's own groups only, which their ARNs tell. */
  #addRole({ names, topic, topicKey, undeliveredQueue }: JobSchedulesProps): Role {
    const groups = [names.scheduleGroup, names.onceScheduleGroup].map((group) =>
      this.#arnOf('schedule-group', group),
    );
    const { account, region } = Stack.of(this);
    const role = new Role(this, 'Role', {
      roleName: schedulerRoleName(names.topic, region),
      description: `Publishes the schedules of ${names.topic} to its topic`,
      assumedBy: new ServicePrincipal(scheduler, {
        conditions: { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': groups } },
      }),
      inlinePolicies: {
        Publish: new PolicyDocument({
          statements: [
            allow(topic.topicArn, 'sns:Publish'),
            allow(undeliveredQueue.queueArn, 'sqs:SendMessage'),
          ],
        }),
      },
    });
    topicKey?.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey');
    return role;
  }

  #arnOf(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'scheduler', resource, resourceName });
  }
}

const scheduler = 'scheduler.amazonaws.com';

interface RecurringSchedulesProps {
  readonly job: BundledJob;
  readonly topic: ITopic;
  readonly undeliveredQueue: IQueue;
  /** The platform's role and groups. */
  readonly schedules: JobSchedules;
  /** The job's subscription. A schedule waits for it: a rate fires at once, and would reach nobody. */
  readonly subscription: IDependable;
}

/** The schedules of a job file. They hold no data, so they are deleted with the job or the option, in production too. */
export function addRecurringSchedules(scope: Construct, props: RecurringSchedulesProps): void {
  for (const schedule of jobSchedules(props.job.job)) addSchedule(scope, schedule, props);
}

/**
 * The job's ID is made of the schedule's name and the scheduled time. Scheduler may fire twice for one time: the two
 * messages then have the same ID, and idempotency takes them for one job.
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
 * Scheduler refuses a start that is more than five minutes in the past, on every update too, so a past start is left
 * out. A cron expression fires as before; a rate counts from the first deployment after its start.
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
