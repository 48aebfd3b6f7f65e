import type { BatchResultErrorEntry, PublishBatchCommandInput } from '@aws-sdk/client-sns';
import { expect, test } from '@jest/globals';
import { PublishFailedError } from '../../../src/publisher/index.ts';
import type { Message } from '../../../src/publisher/message.ts';
import { maxBatchAttempts, sendBatch } from '../../../src/publisher/send.ts';
import { allSuccessful, snsOf, stillClock, topicArn } from './snsOf.ts';

const messages: Message[] = ['a', 'b', 'c'].map((body) => ({
  jobName: 'AnyJob',
  jobId: `id-${body}`,
  body,
  attributes: {},
  group: undefined,
  bytes: 1,
}));

/** Succeeds but for one message, whose entry fails as given until the call `until`. */
function failing(body: string, failure: Partial<BatchResultErrorEntry>, until = Number.POSITIVE_INFINITY) {
  return (input: PublishBatchCommandInput, call: number) => {
    if (call >= until) return allSuccessful(input);
    const entries = input.PublishBatchRequestEntries ?? [];
    const bad = entries.filter(({ Message }) => Message === body);
    const good = entries.filter(({ Message }) => Message !== body);
    return {
      ...allSuccessful({ ...input, PublishBatchRequestEntries: good }),
      Failed: bad.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false, ...failure })),
    };
  };
}

const bodies = (input: PublishBatchCommandInput | undefined) =>
  input?.PublishBatchRequestEntries?.map(({ Message }) => Message);

test('an entry that SNS could not take is sent again, alone, and its result is the last one', async () => {
  const { client, calls } = snsOf(failing('b', {}, 3));
  const clock = stillClock();
  const results = await sendBatch(client, topicArn, messages, clock);
  expect(results).toEqual(
    ['a', 'b', 'c'].map((body) => ({ status: 'published', jobId: `id-${body}`, messageId: `of ${body}` })),
  );
  expect(calls.map(bodies)).toEqual([['a', 'b', 'c'], ['b'], ['b']]);
  expect(clock.sleptMs).toEqual([75, 150]);
});

test('an entry that is throttled is sent again, whoever is said to be at fault', async () => {
  const { client, calls } = snsOf(failing('a', { Code: 'KMSThrottling', SenderFault: true }, 2));
  const results = await sendBatch(client, topicArn, messages, stillClock());
  expect(results.map(({ status }) => status)).toEqual(['published', 'published', 'published']);
  expect(calls).toHaveLength(2);
});

test('an entry at fault itself is final', async () => {
  const { client, calls } = snsOf(
    failing('b', { Code: 'InvalidParameter', SenderFault: true, Message: 'no such thing' }),
  );
  const [, result] = await sendBatch(client, topicArn, messages, stillClock());
  expect(calls).toHaveLength(1);
  expect(result).toMatchObject({ status: 'failed', jobId: 'id-b', error: { code: 'InvalidParameter' } });
  expect(result?.status === 'failed' && result.error).toBeInstanceOf(PublishFailedError);
  expect(result?.status === 'failed' && result.error.message).toContain(
    'AnyJob id-b was not published: InvalidParameter: no such thing',
  );
});

test('an entry is given up after five attempts, with growing delays between them', async () => {
  const { client, calls } = snsOf(failing('c', { Code: 'InternalError' }));
  const clock = stillClock();
  const results = await sendBatch(client, topicArn, messages, clock);
  expect(calls).toHaveLength(maxBatchAttempts);
  expect(clock.sleptMs).toEqual([75, 150, 300, 600]);
  expect(results[2]).toMatchObject({ status: 'failed', error: { jobName: 'AnyJob', code: 'InternalError' } });
});

test('an entry that the answer does not mention has not been published', async () => {
  const { client, calls } = snsOf(() => ({}));
  const results = await sendBatch(client, topicArn, messages, stillClock());
  expect(calls).toHaveLength(maxBatchAttempts);
  expect(results[0]).toMatchObject({ status: 'failed', error: { code: 'NoAnswer' } });
});

test('a call that throws is the result of all its messages; the SDK has retried it', async () => {
  const cause = Object.assign(new Error('not allowed'), { name: 'AuthorizationErrorException' });
  const { client, calls } = snsOf(() => {
    throw cause;
  });
  const results = await sendBatch(client, topicArn, messages, stillClock());
  expect(calls).toHaveLength(1);
  for (const result of results) {
    expect(result).toMatchObject({ status: 'failed', error: { code: 'AuthorizationErrorException', cause } });
    expect(result.status === 'failed' && result.error.message).toContain('Allow sns:Publish on the topic');
  }
});
