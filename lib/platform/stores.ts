import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { statusIndex } from '../../src/tracking/defaults.ts';
import { keptInProduction } from './platformQueue.ts';

interface PlatformTableProps {
  readonly tableName: string;
  /** Whether the table, and what is in it, outlives its removal from the stack. */
  readonly isProduction: boolean;
}

/** A table of the platform: on demand, encrypted, recoverable to any second, and emptied by its items' own expiry. */
abstract class PlatformTable extends Table {
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

/** Remembers which jobs ran, for those that ask for idempotency; keys and attributes are Powertools' own. */
export class IdempotencyTable extends PlatformTable {
  constructor(scope: Construct, id: string, props: PlatformTableProps) {
    super(scope, id, props, {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiration',
    });
  }
}

/**
 * An item for each job that tracks. The index lists a job's, or an owner's, by age; it holds keys only and is written
 * once, at creation, so that a state's change costs one write.
 */
export class StatusTable extends PlatformTable {
  constructor(scope: Construct, id: string, props: PlatformTableProps) {
    super(scope, id, props, {
      partitionKey: { name: 'jobId', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
    });
    this.addGlobalSecondaryIndex({
      indexName: statusIndex,
      partitionKey: { name: 'listKey', type: AttributeType.STRING },
      sortKey: { name: 'createdAt', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
}
