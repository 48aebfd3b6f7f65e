import { arnOf, parseTopicArn, platformNames, schedulerRoleName, topicArnForm } from '../../names.ts';
import { PublishError } from '../errors.ts';

/** The resources that a platform's stack has for schedules. Their names follow from the topic's ARN. */
export interface PlatformSchedules {
  readonly topicArn: string;
  readonly region: string;
  readonly recurringGroup: string;
  readonly onceGroup: string;
  readonly roleArn: string;
  readonly deadLetterQueueArn: string;
}

/** @throws {PublishError} when `topicArn` is not the ARN of an SNS topic */
export function platformSchedules(topicArn: string): PlatformSchedules {
  const topic = parseTopicArn(topicArn);
  if (topic === undefined) {
    const given = JSON.stringify(topicArn);
    throw new PublishError(undefined, `topicArn must be a topic's ARN, ${topicArnForm}, was ${given}`);
  }
  const names = platformNames(topic.resource);
  const role = `role/${schedulerRoleName(topic.resource, topic.region)}`;
  return {
    topicArn,
    region: topic.region,
    recurringGroup: names.scheduleGroup,
    onceGroup: names.onceScheduleGroup,
    roleArn: arnOf({ ...topic, service: 'iam', region: '', resource: role }),
    deadLetterQueueArn: arnOf({ ...topic, service: 'sqs', resource: names.undeliveredQueue }),
  };
}
