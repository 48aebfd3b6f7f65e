import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Throttle } from '../../../src/tracking/throttle.ts';
import { TestClock } from './testClock.ts';

function throttleOf(write?: (value: number) => Promise<unknown>) {
  const clock = new TestClock();
  const start = clock.now();
  const written: { value: number; at: number }[] = [];
  const throttle = new Throttle<number>(
    async (value) => {
      written.push({ value, at: clock.now() - start });
      await write?.(value);
    },
    1000,
    clock,
  );
  return { clock, throttle, written };
}

describe('a throttle', () => {
  test('hands on the first value at once, then the newest, once a second', async () => {
    const { clock, throttle, written } = throttleOf();
    for (let value = 0; value < 50; value++) {
      throttle.push(value);
      await clock.advance(50);
    }
    await clock.advance(5000);
    expect(written).toEqual([
      { value: 0, at: 0 },
      { value: 19, at: 1000 },
      { value: 39, at: 2000 },
      { value: 49, at: 3000 },
    ]);
    expect(clock.timers).toBe(0);
  });

  test('hands on one at a time, however slow', async () => {
    const slow = Promise.withResolvers<void>();
    const { clock, throttle, written } = throttleOf((value) =>
      value === 1 ? slow.promise : Promise.resolve(),
    );
    throttle.push(1);
    throttle.push(2);
    await clock.advance(3000);
    throttle.push(3);
    expect(written.map(({ value }) => value)).toEqual([1]);
    slow.resolve();
    await clock.advance(0);
    expect(written.map(({ value }) => value)).toEqual([1, 3]);
  });

  test('hands on nothing after it was closed, and gives back what it had', async () => {
    const { clock, throttle, written } = throttleOf();
    throttle.push(1);
    throttle.push(2);
    expect(throttle.close()).toBe(2);
    throttle.push(3);
    await clock.advance(5000);
    expect(written.map(({ value }) => value)).toEqual([1]);
    expect(throttle.close()).toBeUndefined();
  });

  test('never writes twice within a second, and always the newest last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 1500 }), { minLength: 1, maxLength: 30 }), async (pauses) => {
        const { clock, throttle, written } = throttleOf();
        for (const [value, pauseMs] of pauses.entries()) {
          throttle.push(value);
          await clock.advance(pauseMs);
        }
        await clock.advance(1000);
        expect(written.at(-1)?.value).toBe(pauses.length - 1);
        const gaps = written.slice(1).map(({ at }, index) => at - (written[index]?.at ?? 0));
        expect(gaps.filter((gap) => gap < 1000)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
