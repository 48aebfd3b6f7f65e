import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { AnyJob } from '../../src/job/index.ts';
import type { BundledJob } from '../bundle/bundle.ts';
import type { FilesBucket } from '../platform/filesBucket.ts';
import { wildcardFinding } from '../platform/permissions.ts';
import type { IdempotencyTable, StatusTable } from '../platform/stores.ts';

/** Where jobs keep what outlives a message. */
export interface JobStores {
  readonly filesBucket: FilesBucket;
  /** Where a job asks for idempotency. */
  readonly idempotencyTable: IdempotencyTable | undefined;
  /** Where a job tracks. */
  readonly statusTable: StatusTable | undefined;
}

/** Those of the platform's that one job uses. */
export function storesOf({ idempotency, track }: AnyJob, stores: JobStores): JobStores {
  return {
    filesBucket: stores.filesBucket,
    idempotencyTable: idempotency === undefined ? undefined : stores.idempotencyTable,
    statusTable: track === true ? stores.statusTable : undefined,
  };
}

/** What a job may do with what the platform keeps: what its file asks for, and of the files its own only. */
export function storePermissions(job: BundledJob, stores: JobStores): PolicyStatement[] {
  const { filesBucket, idempotencyTable, statusTable } = stores;
  return [
    ...(idempotencyTable === undefined ? [] : [allow(idempotencyTable.tableArn, ...itemActions)]),
    ...(statusTable === undefined ? [] : [allow(statusTable.tableArn, ...itemActions)]),
    ...fileAccessOf(job).map((access) => allowFiles(filesBucket, access)),
  ];
}

/** Tells cdk-nag why a job's role names its files by a prefix. */
export function acknowledgeOwnFiles(role: Construct, job: BundledJob, filesBucket: FilesBucket): void {
  acknowledgeFiles(
    role,
    filesBucket,
    fileAccessOf(job),
    "The files of the job's own messages: their names are made at run time.",
  );
}

/** Which files of the bucket, and what may be done with them. */
export interface FileAccess {
  /** Of the files' keys, ending in `/`. */
  readonly prefix: string;
  readonly actions: readonly ('s3:GetObject' | 's3:PutObject')[];
}

export function allowFiles(bucket: FilesBucket, { prefix, actions }: FileAccess): PolicyStatement {
  return allow(bucket.arnForObjects(`${prefix}*`), ...actions);
}

export function acknowledgeFiles(
  role: Construct,
  bucket: FilesBucket,
  accesses: readonly FileAccess[],
  reason: string,
): void {
  for (const { prefix } of accesses) {
    const id = wildcardFinding(role, bucket.arnForObjects(`${prefix}*`));
    Validations.of(role).acknowledge({ id, reason });
  }
}

export function allow(resource: string | readonly string[], ...actions: readonly string[]): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [resource].flat() });
}

const itemActions = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];

function fileAccessOf({ name, job }: BundledJob): FileAccess[] {
  return [
    { prefix: `payloads/${name}/`, actions: ['s3:GetObject'] },
    ...(job.uploads === undefined
      ? []
      : [{ prefix: `uploads/${name}/`, actions: ['s3:GetObject'] } satisfies FileAccess]),
    ...(job.track === true
      ? [{ prefix: `results/${name}/`, actions: ['s3:GetObject', 's3:PutObject'] } satisfies FileAccess]
      : []),
  ];
}
