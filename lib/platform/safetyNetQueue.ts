import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Duration, Validations } from 'aws-cdk-lib/core';
import type { Construct, IDependable } from 'constructs';
import { deadLetterRetention } from '../../src/job/defaults.ts';
import { durationSeconds } from '../../src/job/duration.ts';
import { notify, PlatformAlarm, waitingMessages } from './platformAlarm.ts';
import { PlatformQueue } from './platformQueue.ts';

export interface SafetyNetQueueProps {
  readonly queueName: string;
  readonly isProduction: boolean;
  /** Whose messages end here. */
  readonly topic: ITopic;
  readonly alarmTopic: ITopic;
  /** How a message gets here and what to do then, for the alarm's e-mail. */
  readonly alarmDescription: string;
}

/** A queue for messages that no job gets. An alarm goes off at the first one. */
export class SafetyNetQueue extends PlatformQueue {
  /** What a subscription has to wait for before it can deliver here. */
  readonly accepting: IDependable;

  constructor(scope: Construct, id: string, props: SafetyNetQueueProps) {
    const { queueName, isProduction, topic, alarmTopic, alarmDescription } = props;
    const retentionPeriod = Duration.seconds(durationSeconds(deadLetterRetention));
    super(scope, id, { queueName, isProduction, retentionPeriod });
    this.accepting = this.acceptFrom(topic);
    const alarm = new PlatformAlarm(this, 'Alarm', {
      alarmName: queueName,
      description: alarmDescription,
      metric: waitingMessages(this),
      threshold: 1,
    });
    notify(alarmTopic, alarm);
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'It is the end of the line: people empty it after its alarm, nothing consumes it and could fail to.',
    });
  }
}
