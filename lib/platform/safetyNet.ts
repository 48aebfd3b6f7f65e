import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnSubscription, type ITopic } from 'aws-cdk-lib/aws-sns';
import { Duration, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct, type IDependable } from 'constructs';
import { durationSeconds } from '../../src/job/duration.ts';
import { deadLetterRetention } from '../../src/job/retention.ts';
import { alarmName } from '../../src/names.ts';
import type { JobResources } from '../job/jobResources.ts';
import { eachMinute, notify, PlatformAlarm, waitingMessages } from './platformAlarm.ts';
import { PlatformQueue } from './platformQueue.ts';
import type { ResourceNames } from './resourceNames.ts';

interface SafetyNetProps {
  readonly names: ResourceNames;
  readonly topic: ITopic;
  readonly alarmTopic: ITopic;
}

/** Sees to it that no published message is lost unseen: every way in which a message misses its job has an alarm. */
export class SafetyNet extends Construct {
  /** The dead-letter queue of every subscription, for messages whose queue is gone or does not let SNS in. */
  readonly undeliveredQueue: SafetyNetQueue;
  /** Takes the messages whose `jobName` is unknown or missing. */
  readonly unroutedQueue: SafetyNetQueue;
  readonly #props: SafetyNetProps;

  constructor(scope: Construct, id: string, props: SafetyNetProps) {
    super(scope, id);
    this.#props = props;
    const { names } = props;
    const shared = { ...props, isProduction: names.isProduction };
    this.undeliveredQueue = new SafetyNetQueue(this, 'UndeliveredQueue', {
      ...shared,
      queueName: names.undeliveredQueue,
      alarmDescription:
        `SNS could not deliver a message of the topic ${names.topic} to its queue, or EventBridge Scheduler could not ` +
        `publish one to it, and left it in the queue ${names.undeliveredQueue}: ${command(this, 'show undelivered')}. ` +
        'Its attributes ErrorCode and ErrorMessage (SNS), or ERROR_CODE and ERROR_MESSAGE (Scheduler), say why; most ' +
        'often a queue was deleted, or a policy changed by hand: deploy the stack again, then send the message through ' +
        `the topic once more: ${command(this, 'redrive undelivered --all')}`,
    });
    this.unroutedQueue = new SafetyNetQueue(this, 'UnroutedQueue', {
      ...shared,
      queueName: names.unroutedQueue,
      alarmDescription:
        `A message was published to the topic ${names.topic} that no job has the name of. It is in the queue ` +
        `${names.unroutedQueue}: ${command(this, 'show unrouted')}. Look at its attribute jobName, add the missing job ` +
        'or correct the publisher, then send it through the topic once more: ' +
        `${command(this, 'redrive unrouted --all')}`,
    });
    this.#watchMessagesWithoutAttributes();
    this.#watchMessagesWithInvalidAttributes();
  }

  /**
   * Subscribes the unrouted queue to all messages that no job takes. The subscription waits for the jobs' subscriptions, so
   * that the messages of a new job always reach one of the two.
   */
  catchUnrouted(jobs: ReadonlyMap<string, JobResources>): void {
    const subscription = new CfnSubscription(this, 'UnroutedSubscription', {
      topicArn: this.#props.topic.topicArn,
      protocol: 'sqs',
      endpoint: this.unroutedQueue.queueArn,
      redrivePolicy: { deadLetterTargetArn: this.undeliveredQueue.queueArn },
      ...(jobs.size === 0 ? {} : { filterPolicy: unroutedPolicy([...jobs.keys()]) }),
    });
    subscription.node.addDependency(this.unroutedQueue.accepting);
    for (const job of jobs.values()) subscription.node.addDependency(job.subscription);
  }

  /** A message without any attribute matches no filter policy, not even `exists: false`. */
  #watchMessagesWithoutAttributes(): void {
    this.#watchFilteredOut('NoAttributesAlarm', 'no-attributes', {
      metricName: 'NumberOfNotificationsFilteredOut-NoMessageAttributes',
      what: 'A message without attributes',
    });
  }

  /** A message whose attributes SNS cannot read, such as a String.Array that is not JSON, matches no filter policy. */
  #watchMessagesWithInvalidAttributes(): void {
    this.#watchFilteredOut('InvalidAttributesAlarm', 'invalid-attributes', {
      metricName: 'NumberOfNotificationsFilteredOut-InvalidAttributes',
      what: 'A message with attributes that SNS cannot read',
    });
  }

  #watchFilteredOut(
    id: string,
    suffix: string,
    { metricName, what }: { metricName: string; what: string },
  ): void {
    const { names, topic, alarmTopic } = this.#props;
    const alarm = new PlatformAlarm(this, id, {
      alarmName: alarmName(names.topic, suffix),
      description:
        `${what} was published to the topic ${names.topic}. No subscription takes such a ` +
        'message, so it is lost: find its publisher (CloudTrail, deployments of the last minutes), let it set the ' +
        'String attribute jobName, and publish once more.',
      metric: new Metric({
        namespace: 'AWS/SNS',
        metricName,
        dimensionsMap: { TopicName: topic.topicName },
        statistic: 'Sum',
        period: eachMinute,
      }),
      threshold: 1,
    });
    notify(alarmTopic, alarm);
  }
}

/** A command that a person types in a checkout of the project. */
function command(scope: Construct, what: string): string {
  return `npm run jobs -- dlq ${what} --stack ${Stack.of(scope).stackName}`;
}

/** Matches a name that is not among these, or a message without `jobName`: the values of a key are alternatives. */
function unroutedPolicy(jobNames: string[]): object {
  return { jobName: [{ 'anything-but': jobNames }, { exists: false }] };
}

interface SafetyNetQueueProps {
  readonly queueName: string;
  readonly isProduction: boolean;
  /** The topic whose messages end here. */
  readonly topic: ITopic;
  readonly alarmTopic: ITopic;
  /** How a message gets here and what to do about it, for the alarm's e-mail. */
  readonly alarmDescription: string;
}

/** A queue for messages that no job gets. An alarm goes off at the first one. */
class SafetyNetQueue extends PlatformQueue {
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
