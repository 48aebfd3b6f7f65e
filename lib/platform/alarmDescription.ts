import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { SynthError } from './synthError.ts';

/** CloudWatch's longest description of an alarm, in characters. */
const maxLength = 1024;

/** Whether CloudWatch takes a description, wherever the stack is deployed. */
export function isDescription(scope: IConstruct, text: string): boolean {
  return longestLength(scope, text) <= maxLength;
}

/**
 * The same description, once CloudWatch would take it.
 * @throws {SynthError} when it would not
 */
export function checkedDescription(scope: IConstruct, alarmName: string, text: string): string {
  if (isDescription(scope, text)) return text;
  const length = longestLength(scope, text);
  throw new SynthError(
    `The description of the alarm ${alarmName} has up to ${length} characters; CloudWatch takes ${maxLength}. ` +
      `Shorten the names in it: the stack's (${Stack.of(scope).stackName}), the platform's, the stage's or the job's.`,
  );
}

/** What CloudFormation fills in counts as long as it can be. */
function longestLength(scope: IConstruct, text: string): number {
  const resolved = Stack.of(scope).resolve(text) as Part | { readonly 'Fn::Join': [string, Part[]] };
  const parts = typeof resolved === 'object' && 'Fn::Join' in resolved ? resolved['Fn::Join'][1] : [resolved];
  return parts.map(lengthOf).reduce((sum, length) => sum + length, 0);
}

type Part = string | { readonly Ref?: string };

function lengthOf(part: Part): number {
  return typeof part === 'string' ? part.length : (longest[part.Ref ?? ''] ?? longestName);
}

const longest: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 'aws-us-gov'.length,
  'AWS::Region': 'us-isof-south-1'.length,
};

/** A stack's; with all of the above, an SQS queue's ARN is as long. */
const longestName = 128;
