import { describe, expect, test } from '@jest/globals';
import { EntryBatches } from '../../../src/worker/queue.ts';

/** Takes everything but what it is told to refuse; remembers the calls. */
function recording(refused: readonly number[] = []) {
  const calls: number[][] = [];
  const batches = new EntryBatches<number>(async (entries) => {
    calls.push([...entries]);
    const places = entries.flatMap((entry, place) => (refused.includes(entry) ? [place] : []));
    return new Map(places.map((place) => [place, new Error(`refused ${entries[place]}`)]));
  });
  return { batches, calls };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('entries', () => {
  test('are sent by tens at once, and what is left a moment later', async () => {
    const { batches, calls } = recording();
    await Promise.all(numbers(23).map((entry) => batches.add(entry)));
    expect(calls.map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(calls.flat()).toEqual(numbers(23));
  });

  test('are refused one by one', async () => {
    const { batches } = recording([2, 11]);
    const results = await Promise.allSettled(numbers(12).map((entry) => batches.add(entry)));
    const failed = results.flatMap((result, entry) => (result.status === 'rejected' ? [entry] : []));
    expect(failed).toEqual([2, 11]);
  });

  test('all fail when their call does', async () => {
    const batches = new EntryBatches<number>(() => Promise.reject(new Error('down')));
    const results = await Promise.allSettled(numbers(3).map((entry) => batches.add(entry)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
