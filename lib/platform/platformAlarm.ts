import {
  Alarm,
  type AlarmBase,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { checkedDescription } from './alarmDescription.ts';

export interface PlatformAlarmProps {
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
