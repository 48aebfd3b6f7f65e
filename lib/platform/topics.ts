import {
  AccountRootPrincipal,
  type IPrincipal,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { Annotations, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

interface PlatformTopicProps {
  readonly topicName: string;
  /** A customer managed key, since alarms cannot use `alias/aws/sns`. @default SNS does not encrypt the messages it holds */
  readonly key?: IKey | undefined;
}

/**
 * A topic of the platform, reachable by TLS only. The rule for TLS replaces SNS's default policy, so the policy must name
 * everybody who may publish: the stack's own account (whose principals also need a policy of their own), and others.
 */
abstract class PlatformTopic extends Topic {
  constructor(
    scope: Construct,
    id: string,
    { topicName, key }: PlatformTopicProps,
    publishers: Readonly<Record<string, IPrincipal>>,
  ) {
    super(scope, id, { topicName, enforceSSL: true, ...(key === undefined ? {} : { masterKey: key }) });
    const all = { AllowOwnAccount: new AccountRootPrincipal(), ...publishers };
    for (const [sid, principal] of Object.entries(all)) this.#allow(sid, principal);
    if (key !== undefined) allowUse(this, key, Object.values(publishers));
  }

  #allow(sid: string, principal: IPrincipal): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid,
        principals: [principal],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
      }),
    );
  }
}

interface JobTopicProps extends PlatformTopicProps {
  /** @default none beside the stack's own account */
  readonly allowedPublishers?: readonly IPrincipal[];
}

/** The topic that jobs are published to. */
export class JobTopic extends PlatformTopic {
  constructor(scope: Construct, id: string, { allowedPublishers = [], ...props }: JobTopicProps) {
    const named = allowedPublishers.map((principal, index) => [`AllowPublisher${index + 1}`, principal]);
    super(scope, id, props, Object.fromEntries(named));
  }
}

interface AlarmTopicProps extends PlatformTopicProps {
  /** Each person has to confirm the subscription that SNS mails. @default none */
  readonly emails?: readonly string[];
}

/** The topic that alarms are published to, and whose subscribers are people. CloudWatch has to be among its publishers. */
export class AlarmTopic extends PlatformTopic {
  constructor(scope: Construct, id: string, { emails = [], ...props }: AlarmTopicProps) {
    const AllowAlarms = new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    });
    super(scope, id, props, { AllowAlarms });
    for (const email of emails) {
      new CfnSubscription(this, email, { topicArn: this.topicArn, protocol: 'email', endpoint: email });
    }
  }
}

/** What a publisher needs on the key of an encrypted topic. */
const publisherActions = ['kms:Decrypt', 'kms:GenerateDataKey*'];

/** Lets principals use a topic's key. For an imported key, a warning says what its policy has to allow. */
function allowUse(scope: Construct, key: IKey, principals: readonly IPrincipal[]): void {
  for (const principal of principals) {
    const { statementAdded } = key.addToResourcePolicy(
      new PolicyStatement({ principals: [principal], actions: publisherActions, resources: ['*'] }),
    );
    if (statementAdded) continue;
    Annotations.of(scope).addWarningV2(
      'serverless-jobs:imported-topic-key',
      `The topic's key is not part of this app: make sure its policy allows ${publisherActions.join(' and ')} to ${principal}.`,
    );
  }
}
