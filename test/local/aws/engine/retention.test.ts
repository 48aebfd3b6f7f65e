import { expect, test } from '@jest/globals';
import { loadFauxqsInternals } from '../../../../local/aws/engine/fauxqs.ts';
import { enforceRetention } from '../../../../local/aws/engine/retention.ts';
import { createStores } from '../../../../local/aws/engine/stores.ts';
import { until } from '../lambda/processes.ts';

test('a dead letter is kept for as long as its queue says from its first send, not from its move', async () => {
  const internals = await loadFauxqsInternals();
  const urlOf = (name: string) => `http://127.0.0.1:1/0/${name}`;
  const { sqsStore } = createStores(internals, 'eu-west-1', urlOf);
  const create = (name: string, attributes: Record<string, string>) =>
    sqsStore.createQueue(name, urlOf(name), `arn:aws:sqs:eu-west-1:0:${name}`, attributes);
  const dead = create('dead', { MessageRetentionPeriod: '60' });
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 0 });
  const queue = create('q', { RedrivePolicy });
  for (const [body, agoMs] of [
    ['sent long ago', 61_000],
    ['sent now', 0],
  ] as const) {
    const message = internals.SqsStore.createMessage(body, {});
    message.sentTimestamp -= agoMs;
    queue.enqueue(message);
  }
  queue.dequeue(10, 0, (arn) => sqsStore.getQueueByArn(arn));
  expect(dead.messages).toHaveLength(2);

  const stop = enforceRetention(sqsStore, 1);
  await until(() => dead.messages.length < 2);
  stop();
  expect(dead.messages.map(({ body }) => body)).toEqual(['sent now']);
});
