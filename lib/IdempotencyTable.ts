import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { keptInProduction } from './PlatformQueue.ts';

export interface IdempotencyTableProps {
  readonly tableName: string;
  /** Whether the table, and what it remembers, outlives its removal from the stack. */
  readonly isProduction: boolean;
}

/** Remembers which jobs ran, for those that ask for idempotency; keys and attributes are Powertools' own. */
export class IdempotencyTable extends Table {
  constructor(scope: Construct, id: string, { tableName, isProduction }: IdempotencyTableProps) {
    super(scope, id, {
      tableName,
      partitionKey: { name: 'id', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiration',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: isProduction ? keptInProduction : RemovalPolicy.DESTROY,
    });
  }
}
