import { expect, test } from '@jest/globals';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Stack } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundledJob, platformStack, testApp } from '../template.ts';

function findings(stack: Stack): string[] {
  const pack = new AwsSolutionsChecks(stack.node.root as never);
  return pack.validateScope(stack).violations.map((violation: { ruleName: string }) => violation.ruleName);
}

const jobs = [
  bundledJob('GreetingJob', { idempotency: {} }),
  bundledJob('PushupsJob', { alarmCount: 5, alarmWhen: 'both' }),
  bundledJob('DocumentJob', { track: true, uploads: { contentTypes: ['text/plain'] } }),
];
const jwt = { issuer: 'https://id.example.com', audience: ['my-app'] };
const origins = ['https://app.example.com'];

test.each([
  ['a function URL', {}],
  ['a function URL that websites call', { origins }],
  ['an HTTP API', { jwt }],
  ['an HTTP API that websites call', { jwt, origins }],
])('AwsSolutions finds nothing that is not acknowledged beside the resource it concerns: %s', (_, api) => {
  const stack = platformStack({ jobs, stage: 'prod', alarmEmails: ['a@example.com'], api }, testApp());
  expect(findings(stack)).toEqual([]);
});

test('nor where the topics have a key', () => {
  const app = testApp();
  const topicKey = new Key(new Stack(app, 'Keys'), 'Key', { enableKeyRotation: true });
  expect(findings(platformStack({ jobs, topicKey }, app))).toEqual([]);
});

test('the pack does look: a bare queue has findings', () => {
  const stack = platformStack();
  new Queue(stack, 'Bare');
  expect(findings(stack)).toEqual(expect.arrayContaining(['AwsSolutions-SQS3', 'AwsSolutions-SQS4']));
});
