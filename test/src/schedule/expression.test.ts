import { describe, expect, test } from '@jest/globals';
import { ScheduleExpressionError } from '../../../src/schedule/errors.ts';
import { parseSchedule } from '../../../src/schedule/expression.ts';

function faultOf(expression: string, timezone?: string): ScheduleExpressionError {
  try {
    parseSchedule(expression, timezone);
  } catch (error) {
    if (error instanceof ScheduleExpressionError) return error;
    throw error;
  }
  throw new Error(`${expression} was taken`);
}

describe('is taken', () => {
  test.each([
    'rate(1 minute)',
    'rate(1 minutes)',
    'rate(5 minutes)',
    'rate(36 hours)',
    'rate(1 day)',
    'rate(1 days)',
    'cron(0 10 * * ? *)',
    'cron(0/15 * * * ? *)',
    'cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)',
    'cron(15 10 ? * 6L 2022-2023)',
    'cron(0 9 ? * 3#2 *)',
    'cron(0 9 ? JAN,FEB,MAR FRIL *)',
    'cron(0 9 3W * ? *)',
    'cron(*/5 */2 */3 */2 ? 1970-2199/3)',
    'at(2022-11-20T13:00:00)',
  ])('%s', (expression) => {
    expect(parseSchedule(expression).type).toBe(expression.split('(')[0]);
  });

  test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'US/Eastern', 'Etc/GMT+5'])(
    'the time zone %s',
    (timezone) => {
      expect(parseSchedule('cron(0 10 * * ? *)', timezone).type).toBe('cron');
    },
  );
});

describe('is refused with the field at fault', () => {
  test.each([
    ['expression', 'every day'],
    ['expression', '0 9 * * *'],
    ['expression', 'Rate(5 minutes)'],
    ['expression', 'rate(5 minutes) '],
    ['rate', 'rate(0 minutes)'],
    ['rate', 'rate(5 minute)'],
    ['rate', 'rate(5 seconds)'],
    ['rate', 'rate(1.5 hours)'],
    ['rate', 'rate(5minutes)'],
    ['rate', 'rate()'],
    ['expression', 'cron(0 9 * * MON)'],
    ['expression', 'cron(0 0 9 * * ? *)'],
    ['expression', 'cron( 0 9 * * ? *)'],
    ['minutes', 'cron(60 9 * * ? *)'],
    ['minutes', 'cron(*/60 9 * * ? *)'],
    ['minutes', 'cron(0/0 9 * * ? *)'],
    ['minutes', 'cron(5-1 9 * * ? *)'],
    ['minutes', 'cron(? 9 * * ? *)'],
    ['minutes', 'cron(1,,2 9 * * ? *)'],
    ['minutes', 'cron(1-2-3 9 * * ? *)'],
    ['minutes', 'cron(1/2/3 9 * * ? *)'],
    ['minutes', 'cron(*,5 9 * * ? *)'],
    ['minutes', 'cron(-5 9 * * ? *)'],
    ['hours', 'cron(0 24 * * ? *)'],
    ['hours', 'cron(0 9am * * ? *)'],
    ['day-of-month', 'cron(0 9 0 * ? *)'],
    ['day-of-month', 'cron(0 9 32 * ? *)'],
    ['day-of-month', 'cron(0 9 32W * ? *)'],
    ['day-of-month', 'cron(0 9 L-2 * ? *)'],
    ['day-of-month', 'cron(0 9 15W,20 * ? *)'],
    ['month', 'cron(0 9 * 13 ? *)'],
    ['month', 'cron(0 9 * jan ? *)'],
    ['month', 'cron(0 9 * JANUARY ? *)'],
    ['day-of-week', 'cron(0 9 * * * *)'],
    ['day-of-week', 'cron(0 9 ? * ? *)'],
    ['day-of-week', 'cron(0 9 1 * MON *)'],
    ['day-of-week', 'cron(0 9 ? * 0 *)'],
    ['day-of-week', 'cron(0 9 ? * 8 *)'],
    ['day-of-week', 'cron(0 9 ? * FRI-MON *)'],
    ['day-of-week', 'cron(0 9 ? * 3#1,6#3 *)'],
    ['day-of-week', 'cron(0 9 ? * 6#6 *)'],
    ['day-of-week', 'cron(0 9 ? * 2-6/2 *)'],
    ['year', 'cron(0 9 * * ? 1969)'],
    ['year', 'cron(0 9 * * ? 2200)'],
    ['at', 'at(2026-02-30T09:00:00)'],
    ['at', 'at(2026-02-03T09:00)'],
    ['at', 'at(2026-02-03T09:00:00Z)'],
    ['at', 'at(2026-02-03T09:00:00.500)'],
  ])('%s: %s', (field, expression) => {
    expect(faultOf(expression).field).toBe(field);
  });

  test.each([
    'cron(0 0 31 2 ? *)',
    'cron(0 0 30-31 FEB ? *)',
    'cron(0 0 31 4,6,9,11 ? *)',
    'cron(0 0 29 2 ? 2027)',
  ])('a date that does not exist: %s', (expression) => {
    expect(faultOf(expression)).toMatchObject({
      field: 'expression',
      bound: expect.stringMatching(/exists/),
    });
  });

  test.each(['Europe/Berln', 'europe/berlin', '+02:00', 'CEST', '', 'Europe/Berlin '])(
    'the time zone %p',
    (timezone) => {
      expect(faultOf('cron(0 10 * * ? *)', timezone)).toMatchObject({ field: 'timezone', given: timezone });
    },
  );

  test('a time that the clocks skip', () => {
    const fault = faultOf('at(2026-03-29T02:30:00)', 'Europe/Berlin');
    expect(fault.advice).toMatch(/clocks go forward/);
  });
});

test('an error says what, where, the bound and what to do', () => {
  expect(faultOf('cron(0 9 ? * mon-fri *)').message).toBe(
    "day-of-week of cron(0 9 ? * mon-fri *): given 'mon-fri'; allowed: 1 to 7 or SUN to SAT, with , - * ? L #. " +
      'What to do: write names in capitals: MON-FRI',
  );
  expect(faultOf('rate(5 minute)').advice).toBe('write rate(5 minutes)');
  expect(faultOf('cron(0 9 * * MON)').advice).toMatch(/add the year/);
  expect(faultOf('cron(0 9 * * ? *)', 'europe/berlin').advice).toBe('write Europe/Berlin');
});
