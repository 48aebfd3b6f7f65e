import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batchesOf } from '../../../src/publisher/stream.ts';

async function batched<Entry extends { bytes: number }>(entries: readonly Entry[]): Promise<Entry[][]> {
  async function* each() {
    yield* entries;
  }
  const batches: Entry[][] = [];
  for await (const batch of batchesOf(each())) batches.push(batch);
  return batches;
}

test('every entry is in exactly one batch, in order; no batch is empty or beyond 10 entries or 262,144 bytes', async () => {
  const bytes = fc.oneof(fc.integer({ min: 0, max: 262_144 }), fc.constantFrom(0, 100, 131_072, 262_144));
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 60 }), async (sizes) => {
      const entries = sizes.map((size, id) => ({ id, bytes: size }));
      const batches = await batched(entries);
      expect(batches.flat()).toEqual(entries);
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(10);
        expect(batch.reduce((sum, entry) => sum + entry.bytes, 0)).toBeLessThanOrEqual(262_144);
      }
    }),
  );
});

test('batches are filled as far as the next entry allows', async () => {
  const small = Array.from({ length: 25 }, () => ({ bytes: 1 }));
  const large = [{ bytes: 131_072 }, { bytes: 131_072 }, { bytes: 1 }];
  const sizes = (batches: unknown[][]) => batches.map((batch) => batch.length);
  expect(sizes(await batched(small))).toEqual([10, 10, 5]);
  expect(sizes(await batched(large))).toEqual([2, 1]);
});
