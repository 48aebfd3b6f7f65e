import { AttributeType, ProjectionType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { statusIndex } from '../../src/tracking/defaults.ts';
import { PlatformTable, type PlatformTableProps } from './platformTable.ts';

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
