import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type RetryDelay, retryDelaySeconds } from '../../../src/job/retryDelay.ts';

const delays = (delay: RetryDelay, attempts: number, chance = 0): number[] =>
  Array.from({ length: attempts }, (_, index) => retryDelaySeconds(delay, index + 1, chance));

describe('the delay before the next attempt', () => {
  test('is always the same when it is one duration', () => {
    expect(delays('30s', 3)).toEqual([30, 30, 30]);
  });

  test('follows a list, and repeats its last', () => {
    expect(delays(['10s', '1m', '10m'], 5)).toEqual([10, 60, 600, 600, 600]);
  });

  test('doubles up to an hour unless told otherwise', () => {
    expect(delays({ initial: '10m' }, 5)).toEqual([600, 1200, 2400, 3600, 3600]);
    expect(delays({ initial: '1s', factor: 10, max: '5m' }, 4)).toEqual([1, 10, 100, 300]);
  });

  test('leaves half to chance, so that messages that failed together part', () => {
    expect(delays({ initial: '10m' }, 2, 1)).toEqual([300, 600]);
    expect(delays({ initial: '10m', jitter: 0 }, 2, 1)).toEqual([600, 1200]);
  });

  test('stays a whole number within the policy, whatever the attempt and the chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, chance) => {
          const seconds = retryDelaySeconds({ initial: '7s', max: '2h' }, attempt, chance);
          return Number.isInteger(seconds) && seconds >= 4 && seconds <= 7200;
        },
      ),
    );
  });
});
