import { describe, expect, jest, test } from '@jest/globals';
import { editLetter } from '../../cli/dlq/edit.ts';
import { emptyTally } from '../../cli/dlq/report.ts';
import { selectionOf } from '../../cli/dlq/selection.ts';
import { sendBack } from '../../cli/dlq/sendBack.ts';
import { sendToQueue } from '../../cli/dlq/sendLetters.ts';
import type { Session } from '../../cli/dlq/session.ts';
import { sweep } from '../../cli/dlq/sweep.ts';
import { type Fault, UnreliableSqs } from './unreliableSqs.ts';

const bodies = Array.from({ length: 25 }, (_, index) => `{"index":${index}}`);

/** The first so many calls, then a sleep that ends all holds. */
const sleepAfter = (calls: number): Fault[] => [...Array<Fault>(calls).fill('none'), 'sleepBefore'];

async function redriveAll(sqs: UnreliableSqs) {
  const tally = emptyTally();
  await sendBack({ sqs, queueUrl: 'dead', now: sqs.now }, tally, {
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
  await sendBack({ sqs, queueUrl: 'dead', now: sqs.now }, tally, {
    selection: { by: 'id', text: '', takes: ({ body }) => body.endsWith('7}') },
    send: sendToQueue(sqs, 'queue'),
    signal: new AbortController().signal,
  });
  expect(tally.seen).toBe(200);
  expect(sqs.queue).toHaveLength(20);
});

describe('an edit during which this computer sleeps', () => {
  async function edit(sqs: UnreliableSqs, whileAsleep: () => Promise<unknown>) {
    using _now = jest.spyOn(Date, 'now').mockImplementation(sqs.now);
    using errors = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    using lines = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const { receiveMessage } = sqs;
    let calls = 0;
    sqs.receiveMessage = async (input) => {
      const output = await receiveMessage(input);
      calls += 1;
      if (calls > 1) return output;
      sqs.nowMs += 36_000;
      await whileAsleep();
      return output;
    };
    const session = {
      sqs: Object.assign(sqs, { listMessageMoveTasks: async () => ({}) }),
      queue: { name: 'GreetingJob', queueUrl: 'https://sqs/1/dead', jobQueueUrl: 'https://sqs/1/queue' },
      target: { topicArn: 'arn:aws:sns:us-east-1:1:jobs-dev', clientConfig: {}, jobs: { GreetingJob: {} } },
      depth: { waiting: 1, inFlight: 0 },
    } as unknown as Session;
    const end = await editLetter(session, { id: 'message-0', payload: '{"friendName":"Hank"}' });
    return { end, said: [...lines.mock.calls, ...errors.mock.calls].flat() };
  }

  test('receives the letter again, and sends it once', async () => {
    const sqs = new UnreliableSqs(['{"friendName":1}']);
    expect(await edit(sqs, async () => undefined)).toEqual({
      end: 'done',
      said: ['sent message-0 back to queue with its new payload'],
    });
    expect([sqs.queue, sqs.deadBodies()]).toEqual([['{"friendName":"Hank"}'], []]);
  });

  test('sends nothing when somebody else has the letter by then', async () => {
    const sqs = new UnreliableSqs(['{"friendName":1}']);
    expect(await edit(sqs, async () => sqs.receiveMessage({ QueueUrl: 'dead' }))).toEqual({
      end: 'failed',
      said: ['nothing was sent: message-0 is not in dead any more'],
    });
    expect(sqs.queue).toEqual([]);
  });
});
