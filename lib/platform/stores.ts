import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, type CorsRule, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { durationSeconds } from '../../src/job/duration.ts';
import { fileRetention } from '../../src/job/retention.ts';
import { statusIndex } from '../../src/tracking/defaults.ts';
import { keptInProduction } from './platformQueue.ts';

/** Where jobs keep what outlives a message. */
export interface JobStores {
  readonly filesBucket: FilesBucket;
  /** Undefined where no job asks for idempotency. */
  readonly idempotencyTable: IdempotencyTable | undefined;
  /** Undefined where no job tracks. */
  readonly statusTable: StatusTable | undefined;
}

interface FilesBucketProps {
  /** Whether the bucket and its content outlive its removal from the stack. */
  readonly isProduction: boolean;
  /** The websites whose pages may upload and download by presigned URLs. @default none */
  readonly origins?: readonly string[];
}

/**
 * The platform's files: uploads, results, and payloads too large for SNS. The bucket is private, encrypted and reachable
 * by TLS only. Everything in it expires, later than the dead letters that may refer to it. (A letter that is redriven late
 * and dies again may outlive its file, and its reason then says so.) CloudFormation makes the bucket's name, since bucket
 * names are shared with the whole world. Outside production the bucket is deleted with its stack, but S3 deletes no bucket
 * that holds something: the deletion of the stack then fails, and succeeds once the bucket was emptied
 * (`aws s3 rm --recursive`).
 */
export class FilesBucket extends Bucket {
  constructor(scope: Construct, id: string, { isProduction, origins = [] }: FilesBucketProps) {
    super(scope, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [
        {
          id: 'expire',
          expiration: Duration.seconds(durationSeconds(fileRetention)),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      ...(origins.length === 0 ? {} : { cors: [corsRule(origins)] }),
      removalPolicy: isProduction ? keptInProduction : RemovalPolicy.DESTROY,
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Server access logs would need a second bucket and are delivered as best effort; where reads must be ' +
        'audited, CloudTrail data events record each of them.',
    });
  }
}

/** POST uploads by a form, GET and HEAD read what a presigned URL gives. */
function corsRule(origins: readonly string[]): CorsRule {
  return {
    allowedOrigins: [...origins],
    allowedMethods: [HttpMethods.POST, HttpMethods.GET, HttpMethods.HEAD],
    allowedHeaders: ['content-type', 'range'],
    exposedHeaders: ['content-disposition', 'content-range', 'etag'],
    maxAge: Duration.hours(1).toSeconds(),
  };
}

interface PlatformTableProps {
  readonly tableName: string;
  /** Whether the table and its content outlive its removal from the stack. */
  readonly isProduction: boolean;
}

/** A table of the platform: billed by request, encrypted, restorable to any second; its items expire by themselves. */
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

/** Remembers which jobs ran, for jobs that ask for idempotency. Powertools sets the names of its key and attributes. */
export class IdempotencyTable extends PlatformTable {
  constructor(scope: Construct, id: string, props: PlatformTableProps) {
    super(scope, id, props, {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiration',
    });
  }
}

/**
 * Holds an item for each job that is tracked. The index lists the items of a job file, or of an owner, by age. It holds
 * keys only and is written once, when the item is created, so that a change of state costs one write.
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
