import { maxBatchEntries } from '../../src/message/limits.ts';

/** SQS takes ten entries a call: hands over the items by tens, a few calls at a time. */
export async function inTens<Item>(
  items: readonly Item[],
  call: (ten: readonly Item[]) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  async function lane(): Promise<void> {
    while (next < items.length) {
      const ten = items.slice(next, next + maxBatchEntries);
      next += maxBatchEntries;
      await call(ten);
    }
  }
  await Promise.all(Array.from({ length: callsAtATime }, lane));
}

const callsAtATime = 8;
