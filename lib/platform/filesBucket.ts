import { BlockPublicAccess, Bucket, BucketEncryption, type CorsRule, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { durationSeconds } from '../../src/job/duration.ts';
import { fileRetention } from '../../src/job/retention.ts';
import { keptInProduction } from './platformQueue.ts';

interface FilesBucketProps {
  /** Whether the bucket, and what is in it, outlives its removal from the stack. */
  readonly isProduction: boolean;
  /** The websites whose pages may upload and download by presigned URLs. @default none */
  readonly origins?: readonly string[];
}

/**
 * The platform's files: uploads, results, and payloads too large for SNS. Private, encrypted, by TLS only; everything in
 * it expires, after the dead letters that may refer to it (a letter that is sent back late and dies again may outlive it,
 * and says so). Its name is made by CloudFormation, since bucket names are shared with the whole world. Outside
 * production it is deleted with its stack, but S3 deletes no bucket that holds something: the deletion of the stack then
 * fails at it, and succeeds once it was emptied (`aws s3 rm --recursive`).
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
