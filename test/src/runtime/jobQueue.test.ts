import { expect, test } from '@jest/globals';
import { sqsJobQueue } from '../../../src/runtime/jobQueue.ts';

const queue = sqsJobQueue({
  queueUrl: 'https://sqs.eu-west-1.amazonaws.com/000000000000/jobs-dev-TestJob',
  deadLetterQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/000000000000/jobs-dev-TestJob-dead-letters',
});

test('gives up in time while the SDK is still being loaded, so that the batch is reported', async () => {
  const messages = Array.from({ length: 25 }, (_, index) => ({
    Id: `m${index}`,
    ReceiptHandle: 'handle',
    VisibilityTimeout: 30,
  }));
  const aborted = new AbortController();
  const delayed = queue.delay(messages, aborted.signal);
  const letter = { MessageBody: '1', MessageAttributes: {} };
  const sent = queue.sendDeadLetter(letter, aborted.signal);
  aborted.abort(new Error('too late'));
  await expect(sent).rejects.toThrow();
  const refused = await delayed;
  expect([...refused.keys()]).toEqual(messages.map(({ Id }) => Id));
  expect([...refused.values()].every((error) => error instanceof Error)).toBe(true);
});
