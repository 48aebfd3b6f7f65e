import {
  AccountRootPrincipal,
  type IPrincipal,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { allowUse } from './topicKey.ts';

export interface AlarmTopicProps {
  readonly topicName: string;
  /** A customer key: alarms cannot use `alias/aws/sns`. @default none: SNS does not encrypt the messages it holds */
  readonly key?: IKey | undefined;
  /** Each person has to confirm the subscription that SNS mails. @default none */
  readonly emails?: readonly string[];
}

/**
 * Where every alarm goes, and from there to people. Its TLS-only rule replaces SNS's default policy, so CloudWatch has
 * to be let in again: without that an alarm goes off and nobody hears it.
 */
export class AlarmTopic extends Topic {
  constructor(scope: Construct, id: string, { topicName, key, emails = [] }: AlarmTopicProps) {
    super(scope, id, { topicName, enforceSSL: true, ...(key === undefined ? {} : { masterKey: key }) });
    const alarms = new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
    this.#allow('AllowOwnAccount', new AccountRootPrincipal());
    this.#allow('AllowAlarms', alarms);
    if (key !== undefined) allowUse(this, key, [alarms]);
    for (const email of emails) this.#subscribe(email);
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

  #subscribe(email: string): void {
    new CfnSubscription(this, email, { topicArn: this.topicArn, protocol: 'email', endpoint: email });
  }
}
