import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { durationSeconds, formatDuration } from '../../../src/job/duration.ts';

test.each([
  ['30s', 30],
  ['1.5h', 5400],
  ['15m', 900],
  ['14d', 1_209_600],
  ['0s', 0],
  ['2.05m', 123],
  ['4.1m', 246],
  ['0.07h', 252],
  ['0.001s', 0.001],
] as const)('%s is %d seconds', (duration, seconds) => {
  expect(durationSeconds(duration)).toBe(seconds);
});

test.each(['', '5', 's', '5 s', '-1s', '1e3s', '5S', '5min', '0x10s', '1.s', 'Infinitys'])(
  '%p is no duration',
  (text) => {
    expect(() => durationSeconds(text)).toThrow("write a number and s, m, h or d, such as '30s' or '15m'");
  },
);

test('a formatted duration is the same length', () => {
  fc.assert(
    fc.property(fc.nat(10_000_000), (seconds) => durationSeconds(formatDuration(seconds)) === seconds),
  );
});
