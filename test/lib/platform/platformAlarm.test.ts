import { expect, test } from '@jest/globals';
import { Aws, Stack } from 'aws-cdk-lib/core';
import { checkedDescription } from '../../../lib/platform/platformAlarm.ts';
import { SynthError } from '../../../lib/platform/synthError.ts';

const stack = new Stack(undefined, 'Jobs', { stackName: 'jobs-dev' });
const check = (text: string) => checkedDescription(stack, 'jobs-dev-unrouted', text);
const arn = `arn:${Aws.PARTITION}:sqs:${Aws.REGION}:${Aws.ACCOUNT_ID}:`;
const longestArn = 'arn:aws-us-gov:sqs:us-isof-south-1:123456789012:';

test('has at most 1,024 characters, with what CloudFormation fills in at its longest', () => {
  for (const text of ['x'.repeat(1024), `${'x'.repeat(1024 - longestArn.length)}${arn}`]) {
    expect(check(text)).toBe(text);
    expect(() => check(`${text}x`)).toThrow(SynthError);
  }
});

test('one that is longer is refused: which, by how much, what to shorten', () => {
  expect(() => check('x'.repeat(1030))).toThrow(
    'The description of the alarm jobs-dev-unrouted has up to 1030 characters; CloudWatch takes 1024. ' +
      "Shorten the names in it: the stack's (jobs-dev), the platform's, the stage's or the job's.",
  );
});
