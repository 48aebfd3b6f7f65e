import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { keptInProduction } from './PlatformQueue.ts';

export interface StatusTableProps {
  readonly tableName: string;
  /** Whether the table, and every job's status, outlives its removal from the stack. */
  readonly isProduction: boolean;
}

/**
 * An item for each job that tracks. The index lists a job's, or an owner's, by age; it holds keys only and is written
 * once, at creation, so that a state's change costs one write.
 */
export class StatusTable extends Table {
  constructor(scope: Construct, id: string, { tableName, isProduction }: StatusTableProps) {
    super(scope, id, {
      tableName,
      partitionKey: { name: 'jobId', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: isProduction ? keptInProduction : RemovalPolicy.DESTROY,
    });
    this.addGlobalSecondaryIndex({
      indexName: statusIndex,
      partitionKey: { name: 'listKey', type: AttributeType.STRING },
      sortKey: { name: 'createdAt', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
}

/** The index by which jobs are listed. */
export const statusIndex = 'byJob';
