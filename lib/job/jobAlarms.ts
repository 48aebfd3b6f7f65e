import { type AlarmBase, AlarmRule, AlarmState, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { formatDuration } from '../../src/job/duration.ts';
import { queueRetention } from '../../src/job/retention.ts';
import { alarmName, type JobNames } from '../../src/names.ts';
import {
  ageOfOldest,
  checkedDescription,
  isDescription,
  notify,
  PlatformAlarm,
  waitingMessages,
} from '../platform/platformAlarm.ts';
import type { JobSettings } from './jobSettings.ts';

interface JobAlarmsProps {
  readonly jobName: string;
  readonly names: JobNames;
  readonly settings: JobSettings;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly alarmTopic: ITopic;
  /** The platform's ECS cluster, in which jobs on Fargate run. */
  readonly clusterName: string;
}

/** A job's alarms: on dead letters that wait too long or are too many, and on a queue that nobody consumes. */
export function addJobAlarms(scope: Construct, props: JobAlarmsProps): void {
  for (const alarm of [...deadLetterAlarms(scope, props), backlogAlarm(scope, props)]) {
    notify(props.alarmTopic, alarm);
  }
}

/** The alarms on dead letters that notify: one on their age, one on their number, or one that needs both. */
function deadLetterAlarms(scope: Construct, props: JobAlarmsProps): AlarmBase[] {
  const age = ageAlarm(scope, props);
  if (props.settings.alarmCount === undefined) return [age];
  const count = countAlarm(scope, props, props.settings.alarmCount);
  return props.settings.alarmWhen === 'both' ? [bothAlarm(scope, props, age, count)] : [age, count];
}

function ageAlarm(scope: Construct, props: JobAlarmsProps): PlatformAlarm {
  const { jobName, names, settings, deadLetterQueue } = props;
  const waited = formatDuration(settings.alarmAfterSeconds);
  return new PlatformAlarm(scope, 'DeadLetterAgeAlarm', {
    alarmName: alarmName(names.deadLetterQueue, 'age'),
    description: deadLetterText(
      scope,
      props,
      `${jobName} has a dead letter that has waited ${waited} or longer.`,
    ),
    metric: ageOfOldest(deadLetterQueue),
    threshold: settings.alarmAfterSeconds,
  });
}

function countAlarm(scope: Construct, props: JobAlarmsProps, alarmCount: number): PlatformAlarm {
  const { jobName, names, deadLetterQueue } = props;
  return new PlatformAlarm(scope, 'DeadLetterCountAlarm', {
    alarmName: alarmName(names.deadLetterQueue, 'count'),
    description: deadLetterText(scope, props, `${jobName} has ${alarmCount} dead letters or more.`),
    metric: waitingMessages(deadLetterQueue),
    threshold: alarmCount,
  });
}

function bothAlarm(
  scope: Construct,
  props: JobAlarmsProps,
  age: PlatformAlarm,
  count: PlatformAlarm,
): CompositeAlarm {
  const { jobName, names, settings } = props;
  const waited = formatDuration(settings.alarmAfterSeconds);
  const what = `${jobName} has ${settings.alarmCount} dead letters or more, and the oldest has waited ${waited} or longer.`;
  const description = deadLetterText(scope, props, what);
  return new CompositeAlarm(scope, 'DeadLetterAlarm', {
    compositeAlarmName: names.deadLetterQueue,
    alarmDescription: checkedDescription(scope, names.deadLetterQueue, description),
    alarmRule: AlarmRule.allOf(
      AlarmRule.fromAlarm(age, AlarmState.ALARM),
      AlarmRule.fromAlarm(count, AlarmState.ALARM),
    ),
  });
}

/**
 * Says what happened, where to look and which commands help. The command for people without a checkout of the project is
 * added where CloudWatch takes a text of that length.
 */
function deadLetterText(scope: Construct, props: JobAlarmsProps, what: string): string {
  const { jobName, names, settings } = props;
  const logGroup = settings.fargate === undefined ? names.logGroup : names.serviceLogGroup;
  const target = `${jobName} --stack ${Stack.of(scope).stackName}`;
  const text =
    `${what} They are in the queue ${names.deadLetterQueue}, each with its reason: npm run jobs -- dlq show ${target}. ` +
    `The job's errors are in the log group ${logGroup}. When the cause is mended, send them back to the job: ` +
    `npm run jobs -- dlq redrive ${target} --all`;
  const longer = `${text}, or without the project: ${moveCommand(scope, names)}`;
  return isDescription(scope, longer) ? longer : text;
}

/** The command names the destination, since SQS knows no queue of origin for a message that the runtime has sent. */
function moveCommand(scope: Construct, names: JobNames): string {
  const arnOf = (resource: string) => Stack.of(scope).formatArn({ service: 'sqs', resource });
  return (
    `aws sqs start-message-move-task --source-arn ${arnOf(names.deadLetterQueue)} ` +
    `--destination-arn ${arnOf(names.queue)}`
  );
}

/** Goes off when nobody takes the messages, which would otherwise expire unseen. */
function backlogAlarm(scope: Construct, props: JobAlarmsProps): PlatformAlarm {
  const { jobName, names, settings, queue } = props;
  const waited = formatDuration(settings.backlogAlarmAfterSeconds);
  return new PlatformAlarm(scope, 'BacklogAlarm', {
    alarmName: alarmName(names.queue, 'backlog'),
    description:
      `${jobName} falls behind or is not run at all: a message has been in the queue ${names.queue} for ${waited} ` +
      `or longer, and after ${queueRetention} SQS deletes it. ${whatConsumes(props)}`,
    metric: ageOfOldest(queue),
    threshold: settings.backlogAlarmAfterSeconds,
  });
}

/** What may be wrong: a mapping that was switched off, a function that is always throttled, tasks that do not start. */
function whatConsumes({ names, settings, clusterName }: JobAlarmsProps): string {
  if (settings.fargate !== undefined) {
    return (
      'See whether its service has tasks, and its events for why not: ' +
      `aws ecs describe-services --cluster ${clusterName} --services ${names.service}. ` +
      `Then look for errors in the log group ${names.serviceLogGroup}.`
    );
  }
  return (
    'See whether the event source mapping is enabled: ' +
    `aws lambda list-event-source-mappings --function-name ${names.function}. ` +
    `Then look for throttles and errors in the log group ${names.logGroup}.`
  );
}
