import { expect, test } from '@jest/globals';
import { type SweptQueue, sweep } from '../../cli/dlq/sweep.ts';

/** A queue that hands out these batches of message IDs one after another, whatever is in flight, then nothing. */
function handsOut(batches: Iterable<string>): SweptQueue['sqs'] {
  const next = batches[Symbol.iterator]();
  return {
    receiveMessage: async () => {
      const ids = next.next().value ?? '';
      return { Messages: [...ids].map((id) => ({ MessageId: id, ReceiptHandle: id, Body: id })) };
    },
    changeMessageVisibilityBatch: async () => ({ Successful: [], Failed: [] }),
    deleteMessageBatch: async () => ({ Successful: [], Failed: [] }),
    getQueueAttributes: async () => ({}),
  };
}

async function visited(batches: Iterable<string>): Promise<string> {
  const ids: string[] = [];
  await sweep(
    { sqs: handsOut(batches), queueUrl: 'dead' },
    async (letters) => void ids.push(...letters.map(({ messageId }) => messageId)),
    { signal: new AbortController().signal, lanes: 1 },
  );
  return ids.join('');
}

test('a sweep ends where letters do not stay invisible and come back without end', async () => {
  function* endless() {
    for (let calls = 0; calls < 100; calls += 1) yield 'abc';
    throw new Error('still receiving');
  }
  expect(await visited(endless())).toBe('abc');
});

test('it goes on as long as something new comes before all have come back once more', async () => {
  expect(await visited(['abc', 'abc', 'de', 'abc', 'ab', 'f'])).toBe('abcdef');
  expect(await visited(['abc', 'ab', 'bcd', 'abcd', 'e'])).toBe('abcde');
  expect(await visited(['abc', 'abc', 'a', 'd'])).toBe('abc');
});
