import { type Attribute, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { keptInProduction } from './platformQueue.ts';

export interface PlatformTableProps {
  readonly tableName: string;
  /** Whether the table, and what is in it, outlives its removal from the stack. */
  readonly isProduction: boolean;
}

/** A table of the platform: on demand, encrypted, recoverable to any second, and emptied by its items' own expiry. */
export abstract class PlatformTable extends Table {
  constructor(
    scope: Construct,
    id: string,
    { tableName, isProduction }: PlatformTableProps,
    keys: { readonly partitionKey: Attribute; readonly timeToLiveAttribute: string },
  ) {
    super(scope, id, {
      tableName,
      ...keys,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: isProduction ? keptInProduction : RemovalPolicy.DESTROY,
    });
  }
}
