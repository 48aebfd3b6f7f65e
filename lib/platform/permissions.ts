import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** cdk-nag's name for the finding that a policy of this construct allows a resource with a `*` in it. */
export function wildcardFinding(scope: IConstruct, resource: string): string {
  return `AwsSolutions-IAM5[Resource::${flat(Stack.of(scope).resolve(resource))}]`;
}

/** As cdk-nag writes it: `arn:<AWS::Partition>:ecs:…`, `<Bucket.Arn>/…` */
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
