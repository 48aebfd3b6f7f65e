import { expect, test } from '@jest/globals';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Stack } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundledJob, platformStack, testApp } from './template.ts';

function findings(stack: Stack): string[] {
  const pack = new AwsSolutionsChecks(stack.node.root as never);
  return pack.validateScope(stack).violations.map((violation: { ruleName: string }) => violation.ruleName);
}

test('AwsSolutions finds nothing that is not acknowledged beside the resource it concerns', () => {
  const jobs = [
    bundledJob('GreetingJob', { idempotency: {} }),
    bundledJob('PushupsJob', { alarmCount: 5, alarmWhen: 'both' }),
  ];
  const stack = platformStack({ jobs, stage: 'prod', alarmEmails: ['a@example.com'] }, testApp());
  expect(findings(stack)).toEqual([]);
});

test('the pack does look: a bare queue has findings', () => {
  const stack = platformStack();
  new Queue(stack, 'Bare');
  expect(findings(stack)).toEqual(expect.arrayContaining(['AwsSolutions-SQS3', 'AwsSolutions-SQS4']));
});
