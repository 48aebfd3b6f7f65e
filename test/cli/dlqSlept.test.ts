import { expect, test } from '@jest/globals';
import { emptyTally, redrive } from '../../cli/dlq/redrive.ts';
import { selectionOf } from '../../cli/dlq/selection.ts';
import { sendToQueue } from '../../cli/dlq/sendLetters.ts';
import { sweep } from '../../cli/dlq/sweep.ts';
import { type Fault, UnreliableSqs } from './unreliableSqs.ts';

const bodies = Array.from({ length: 25 }, (_, index) => `{"index":${index}}`);

/** The first so many calls, then a sleep that ends all holds. */
const sleepAfter = (calls: number): Fault[] => [...Array<Fault>(calls).fill('none'), 'sleepBefore'];

async function redriveAll(sqs: UnreliableSqs) {
  const tally = emptyTally();
  await redrive({ sqs, queueUrl: 'dead', now: sqs.now }, tally, {
    selection: selectionOf({ all: true }),
    send: sendToQueue(sqs, 'queue'),
    signal: new AbortController().signal,
  });
  return tally;
}

test.each([4, 5, 6, 7, 8, 9, 10, 11])(
  'a redrive that sleeps before its call %d deletes what it sent by the new receipt handles',
  async (calls) => {
    const sqs = new UnreliableSqs(bodies, sleepAfter(calls));
    const { redriven, duplicates } = await redriveAll(sqs);
    expect(sqs.queue.toSorted()).toEqual(bodies.toSorted());
    expect(sqs.deadBodies()).toEqual([]);
    expect([redriven, duplicates]).toEqual([25, 0]);
  },
);

test('a sent letter that somebody else has received meanwhile is counted as a duplicate', async () => {
  const sqs = new UnreliableSqs(bodies.slice(0, 1));
  const { deleteMessageBatch } = sqs;
  sqs.deleteMessageBatch = async (input) => {
    sqs.nowMs += 36_000;
    await sqs.receiveMessage({ QueueUrl: 'dead' });
    return deleteMessageBatch(input);
  };
  const { redriven, duplicates } = await redriveAll(sqs);
  expect([redriven, duplicates]).toEqual([0, 1]);
  expect(sqs.inBoth()).toHaveLength(1);
});

test('a letter is known to be deleted once, when its last receipt handle was good', async () => {
  const sqs = new UnreliableSqs(bodies.slice(0, 3));
  const { deleteMessageBatch } = sqs;
  let calls = 0;
  sqs.deleteMessageBatch = async (input) => {
    calls += 1;
    if (calls === 1) sqs.nowMs += 36_000;
    return deleteMessageBatch(input);
  };
  const deleted: string[] = [];
  const failed: string[] = [];
  await sweep(
    { sqs, queueUrl: 'dead', now: sqs.now },
    async (letters, { remove }) => {
      for (const { letter, why } of await remove(letters)) failed.push(`${letter.body}: ${why}`);
    },
    {
      signal: new AbortController().signal,
      onDeleted: (letters) => deleted.push(...letters.map(({ body }) => body)),
    },
  );
  expect(failed).toHaveLength(3);
  expect(failed[0]).toMatch(/^\{"index":0\}: its receipt handle had expired .* SQS may have kept it$/);
  expect([calls, deleted]).toEqual([2, bodies.slice(0, 3)]);
  expect(sqs.deadBodies()).toEqual([]);
});

test('what a sleep made visible again does not keep a redrive from what it has not seen yet', async () => {
  const many = Array.from({ length: 200 }, (_, index) => `{"index":${index}}`);
  const sqs = new UnreliableSqs(many, sleepAfter(10));
  const tally = emptyTally();
  await redrive({ sqs, queueUrl: 'dead', now: sqs.now }, tally, {
    selection: { by: 'id', text: '', takes: ({ body }) => body.endsWith('7}') },
    send: sendToQueue(sqs, 'queue'),
    signal: new AbortController().signal,
  });
  expect(tally.seen).toBe(200);
  expect(sqs.queue).toHaveLength(20);
});
