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
  /** For whoever gets the e-mail: what happened, where to look, which command helps. At most 1,024 characters. */
  readonly description: string;
  readonly metric: IMetric;
  /** The alarm goes off at this value and above. */
  readonly threshold: number;
}

/** An alarm as every one here is: it judges each minute by itself, and takes no data for nothing wrong. */
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

/** How long the oldest message has been in a queue, in seconds; in a dead-letter queue, counted from its move there. */
export function ageOfOldest(queue: IQueue): IMetric {
  return queue.metricApproximateAgeOfOldestMessage({ period: eachMinute, statistic: 'Maximum' });
}

/** How many messages are waiting in a queue. */
export function waitingMessages(queue: IQueue): IMetric {
  return queue.metricApproximateNumberOfMessagesVisible({ period: eachMinute, statistic: 'Maximum' });
}

/** How many messages of a queue have been received and are neither done nor visible again. */
export function runningMessages(queue: IQueue): IMetric {
  return queue.metricApproximateNumberOfMessagesNotVisible({ period: eachMinute, statistic: 'Maximum' });
}

export const eachMinute = Duration.minutes(1);

/** Only going off is reported: a mail that all is well again would hide the ones that matter. */
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
 * The same description, once CloudWatch would take it.
 * @throws {SynthError} when it would not
 */
export function checkedDescription(scope: IConstruct, alarmName: string, text: string): string {
  if (isDescription(scope, text)) return text;
  const length = longestLength(scope, text);
  throw new SynthError(
    `The description of the alarm ${alarmName} has up to ${length} characters; CloudWatch takes ${maxLength}. ` +
      `Shorten the names in it: the stack's (${Stack.of(scope).stackName}), the platform's, the stage's or the job's.`,
  );
}

/** What CloudFormation fills in counts as long as it can be. */
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

/** A stack's; with all of the above, an SQS queue's ARN is as long. */
const longestName = 128;
