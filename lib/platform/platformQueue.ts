import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct, IDependable } from 'constructs';

interface PlatformQueueProps extends QueueProps {
  /** The name must be known in advance: a dead-letter queue accepts its own queue only, by its name. */
  readonly queueName: string;
  /** Whether the queue and its messages outlive its removal from the stack. */
  readonly isProduction: boolean;
}

/**
 * Keeps a resource that leaves the stack, but not one whose creation is rolled back: a queue of the same name that is left
 * behind would make every later deployment fail.
 */
export const keptInProduction = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

/** A queue of the platform: encrypted by SQS, reachable by TLS only, and kept in production. */
export class PlatformQueue extends Queue {
  constructor(scope: Construct, id: string, { isProduction, ...props }: PlatformQueueProps) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: isProduction ? keptInProduction : RemovalPolicy.DESTROY,
      ...props,
    });
  }

  /** Lets a topic's subscriptions send here. A subscription must wait for the result, or it loses its first messages. */
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
