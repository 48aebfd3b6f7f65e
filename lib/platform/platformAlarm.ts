import {
  Alarm,
  type AlarmBase,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';
import { SynthError } from './synthError.ts';

interface PlatformAlarmProps {
  readonly alarmName: string;
  /** Tells the reader of the e-mail what happened, where to look and which command helps. At most 1,024 characters. */
  readonly description: string;
  readonly metric: IMetric;
  /** The alarm goes off at this value or a higher one. */
  readonly threshold: number;
}

/** An alarm of the platform. It evaluates each minute by itself, and takes missing data for a good sign. */
export class PlatformAlarm extends Alarm {
  constructor(scope: Construct, id: string, { description, ...props }: PlatformAlarmProps) {
    super(scope, id, {
      ...props,
      alarmDescription: checkedDescription(scope, props.alarmName, description),
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** The age of a queue's oldest message in seconds. In a dead-letter queue the age counts from the move there. */
export function ageOfOldest(queue: IQueue): IMetric {
  return queue.metricApproximateAgeOfOldestMessage({ period: eachMinute, statistic: 'Maximum' });
}

/** How many messages wait in a queue. */
export function waitingMessages(queue: IQueue): IMetric {
  return queue.metricApproximateNumberOfMessagesVisible({ period: eachMinute, statistic: 'Maximum' });
}

/** How many messages of a queue are in flight: received, and neither deleted nor visible again. */
export function runningMessages(queue: IQueue): IMetric {
  return queue.metricApproximateNumberOfMessagesNotVisible({ period: eachMinute, statistic: 'Maximum' });
}

export const eachMinute = Duration.minutes(1);

/** An alarm mails when it goes off, but not when it ends: such mails would hide the ones that matter. */
export function notify(topic: ITopic, alarm: AlarmBase): void {
  alarm.addAlarmAction({ bind: () => ({ alarmActionArn: topic.topicArn }) });
}

/** CloudWatch's longest description of an alarm, in characters. */
const maxLength = 1024;

/** Whether CloudWatch takes a description, wherever the stack is deployed. */
export function isDescription(scope: IConstruct, text: string): boolean {
  return longestLength(scope, text) <= maxLength;
}

/**
 * Checks the description's length.
 * @returns the same description
 * @throws {SynthError} when CloudWatch would refuse it
 */
export function checkedDescription(scope: IConstruct, alarmName: string, text: string): string {
  if (isDescription(scope, text)) return text;
  const length = longestLength(scope, text);
  throw new SynthError(
    `The description of the alarm ${alarmName} has up to ${length} characters; CloudWatch takes ${maxLength}. ` +
      `Shorten the names in it: the stack's (${Stack.of(scope).stackName}), the platform's, the stage's or the job's.`,
  );
}

/** The longest that a text can become: each value that CloudFormation fills in counts with its greatest length. */
function longestLength(scope: IConstruct, text: string): number {
  const resolved = Stack.of(scope).resolve(text) as Part | { readonly 'Fn::Join': [string, Part[]] };
  const parts = typeof resolved === 'object' && 'Fn::Join' in resolved ? resolved['Fn::Join'][1] : [resolved];
  return parts.map(lengthOf).reduce((sum, length) => sum + length, 0);
}

type Part = string | { readonly Ref?: string };

function lengthOf(part: Part): number {
  return typeof part === 'string' ? part.length : (longest[part.Ref ?? ''] ?? longestName);
}

const longest: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 'aws-us-gov'.length,
  'AWS::Region': 'us-isof-south-1'.length,
};

/** The greatest length of a stack's name. An SQS queue's ARN, too, is at most that long. */
const longestName = 128;
