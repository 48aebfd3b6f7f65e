import { type IPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** What a publisher needs of the key of an encrypted topic. */
const publisherActions = ['kms:Decrypt', 'kms:GenerateDataKey*'];

/** Lets principals use a topic's key; where the key's policy is out of reach, a warning says what it has to allow. */
export function allowUse(scope: Construct, key: IKey, principals: readonly IPrincipal[]): void {
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
