import { AccountRootPrincipal, type IPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { allowUse } from './topicKey.ts';

export interface JobTopicProps {
  readonly topicName: string;
  /** @default none: SNS does not encrypt the messages it holds */
  readonly key?: IKey | undefined;
  /** @default none beside the stack's own account */
  readonly allowedPublishers?: readonly IPrincipal[];
}

/**
 * The topic that every job is published to, by TLS only. That rule alone would replace SNS's default policy, so the
 * stack's own account is allowed again: its principals publish when their own policies let them.
 */
export class JobTopic extends Topic {
  constructor(scope: Construct, id: string, { topicName, key, allowedPublishers = [] }: JobTopicProps) {
    super(scope, id, { topicName, enforceSSL: true, ...(key === undefined ? {} : { masterKey: key }) });
    this.#allow('AllowOwnAccount', new AccountRootPrincipal());
    allowedPublishers.forEach((principal, index) => {
      this.#allow(`AllowPublisher${index + 1}`, principal);
    });
    if (key !== undefined) allowUse(this, key, allowedPublishers);
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
