import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';
import type { FilesBucket } from './stores.ts';

export function allow(resource: string | readonly string[], ...actions: readonly string[]): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [resource].flat() });
}

/** Some of the files in the platform's bucket, and what may be done with them. */
export interface FileAccess {
  /** What the files' keys begin with; ends in `/`. */
  readonly prefix: string;
  readonly actions: readonly ('s3:GetObject' | 's3:PutObject')[];
}

export function allowFiles(bucket: FilesBucket, { prefix, actions }: FileAccess): PolicyStatement {
  return allow(bucket.arnForObjects(`${prefix}*`), ...actions);
}

/** Tells cdk-nag why a role's policy names files by a prefix. */
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

/** cdk-nag's name for the finding that a policy of this construct allows a resource with a `*` in it. */
export function wildcardFinding(scope: IConstruct, resource: string): string {
  return `AwsSolutions-IAM5[Resource::${flat(Stack.of(scope).resolve(resource))}]`;
}

/** A resource as cdk-nag writes it: `arn:<AWS::Partition>:ecs:…`, `<Bucket.Arn>/…` */
function flat(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Intrinsic;
  if (join !== undefined) return join[1].map(flat).join(join[0]);
  return `<${attribute?.join('.') ?? Ref}>`;
}

interface Intrinsic {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly [string, string];
  readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
}
