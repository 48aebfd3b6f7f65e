import { onceGroupName, recurringGroupName, schedulerRoleName, undeliveredQueueName } from '../../names.ts';
import { PublishError } from '../errors.ts';

/** What a platform's stack made for schedules, as far as it can be told from the topic's ARN. */
export interface PlatformSchedules {
  readonly topicArn: string;
  readonly region: string;
  readonly recurringGroup: string;
  readonly onceGroup: string;
  readonly roleArn: string;
  readonly deadLetterQueueArn: string;
}

/** @throws {PublishError} when `topicArn` is no SNS topic's ARN */
export function platformSchedules(topicArn: string): PlatformSchedules {
  const parts = /^arn:([^:]+):sns:([^:]+):([^:]*):([^:]+)$/.exec(topicArn);
  if (parts === null) {
    const given = JSON.stringify(topicArn);
    const form = 'arn:aws:sns:<region>:<account>:<name>';
    throw new PublishError(undefined, `topicArn must be a topic's ARN, ${form}, was ${given}`);
  }
  const [, partition = '', region = '', account = '', platform = ''] = parts;
  return {
    topicArn,
    region,
    recurringGroup: recurringGroupName(platform),
    onceGroup: onceGroupName(platform),
    roleArn: `arn:${partition}:iam::${account}:role/${schedulerRoleName(platform, region)}`,
    deadLetterQueueArn: `arn:${partition}:sqs:${region}:${account}:${undeliveredQueueName(platform)}`,
  };
}
