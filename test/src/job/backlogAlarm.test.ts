import { expect, test } from '@jest/globals';
import { backlogAlarmSeconds } from '../../../src/job/backlogAlarm.ts';

const hour = 3600;

test('is raised at 6 h, or as the job says', () => {
  expect(backlogAlarmSeconds({})).toBe(6 * hour);
  expect(backlogAlarmSeconds({ timeout: '6h', backlogAlarmAfter: '2d' })).toBe(48 * hour);
});

test.each([
  ['two runs take less than 6 h', { timeout: '2h', retryDelay: '30m' }, 6],
  ['one run takes 6 h', { timeout: '6h', maxAttempts: 1 }, 7],
  ['two runs of 6 h, each with its delay', { timeout: '6h' }, 14],
  ['two runs of 6 h, with one delay between', { timeout: '6h', maxAttempts: 2, retryDelay: '1h' }, 14],
  ['two delays of 3 h', { retryDelay: '3h' }, 8],
  ['the longest of all', { timeout: '12h', retryDelay: '12h' }, 49],
] as const)('waits, in whole hours, an hour longer than healthy messages: %s', (_what, options, hours) => {
  expect(backlogAlarmSeconds(options)).toBe(hours * hour);
});
