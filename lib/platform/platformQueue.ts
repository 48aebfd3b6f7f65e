import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct, IDependable } from 'constructs';

interface PlatformQueueProps extends QueueProps {
  /** Known in advance: a dead-letter queue that accepts only its own queue would otherwise wait for its name. */
  readonly queueName: string;
  /** Whether the queue, and what is in it, outlives its removal from the stack. */
  readonly isProduction: boolean;
}

/**
 * Kept when it leaves the stack, but not when its creation is rolled back: a queue of that name left behind would make
 * every later deployment fail.
 */
export const keptInProduction = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

/** A queue as every one here is: encrypted by SQS, reachable by TLS only, and kept in production. */
export class PlatformQueue extends Queue {
  constructor(scope: Construct, id: string, { isProduction, ...props }: PlatformQueueProps) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: isProduction ? keptInProduction : RemovalPolicy.DESTROY,
      ...props,
    });
  }

  /** Lets a topic's subscriptions send here. A subscription made before this exists loses what it cannot deliver. */
  acceptFrom(topic: ITopic): IDependable {
    const statement = new PolicyStatement({
      principals: [new ServicePrincipal('sns.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [this.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': topic.topicArn } },
    });
    return this.addToResourcePolicy(statement).policyDependable ?? this;
  }
}
