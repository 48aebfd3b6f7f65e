import { AttributeType } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { PlatformTable, type PlatformTableProps } from './platformTable.ts';

/** Remembers which jobs ran, for those that ask for idempotency; keys and attributes are Powertools' own. */
export class IdempotencyTable extends PlatformTable {
  constructor(scope: Construct, id: string, props: PlatformTableProps) {
    super(scope, id, props, {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiration',
    });
  }
}
