import { describe, expect, test } from '@jest/globals';
import { type FiringRule, nextFirings } from '../../../src/schedule/firings.ts';
import { firingsBetween } from './firingsBetween.ts';

const beforeYear = new Date('2025-12-31T23:59:59.999Z');
const endOfYear = new Date('2026-12-31T23:59:59Z');

/** All firings of 2026, in UTC to the minute. */
function firingsOf2026(rule: FiringRule): string[] {
  return firingsBetween(rule, beforeYear, endOfYear).map(minute);
}

function minute(date: Date): string {
  return date.toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length);
}

/** Months and days of 2026, all at the same time of day. */
function days(list: string, time: string): string[] {
  return list.split(' ').map((day) => `2026-${day}T${time}`);
}

/** Every fifth minute of 2026 that a predicate takes, read off the clock. */
function fifthMinutesOf2026(isIn: (date: Date) => boolean): string[] {
  const minutes: string[] = [];
  for (let time = Date.UTC(2026, 0, 1); time < Date.UTC(2027, 0, 1); time += 5 * 60_000) {
    const date = new Date(time);
    if (isIn(date)) minutes.push(minute(date));
  }
  return minutes;
}

/** From the calendar of 2026, whose first of January is a Thursday. */
describe('a year of firings: the days are those of the calendar', () => {
  test.each([
    [
      'the last day of each month',
      'cron(55 23 L * ? *)',
      '23:55',
      '01-31 02-28 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 12-31',
    ],
    [
      'the last weekday of each month',
      'cron(0 17 LW * ? *)',
      '17:00',
      '01-30 02-27 03-31 04-30 05-29 06-30 07-31 08-31 09-30 10-30 11-30 12-31',
    ],
    [
      'the weekday nearest to the 15th: a Saturday goes back, a Sunday forward',
      'cron(0 6 15W * ? *)',
      '06:00',
      '01-15 02-16 03-16 04-15 05-15 06-15 07-15 08-14 09-15 10-15 11-16 12-15',
    ],
    [
      'the weekday nearest to the 1st never leaves its month',
      'cron(0 6 1W * ? *)',
      '06:00',
      '01-01 02-02 03-02 04-01 05-01 06-01 07-01 08-03 09-01 10-01 11-02 12-01',
    ],
    [
      'the third Friday',
      'cron(30 14 ? * 6#3 *)',
      '14:30',
      '01-16 02-20 03-20 04-17 05-15 06-19 07-17 08-21 09-18 10-16 11-20 12-18',
    ],
    [
      'the first Monday, by name',
      'cron(0 8 ? * MON#1 *)',
      '08:00',
      '01-05 02-02 03-02 04-06 05-04 06-01 07-06 08-03 09-07 10-05 11-02 12-07',
    ],
    [
      'the last Friday',
      'cron(15 10 ? * 6L *)',
      '10:15',
      '01-30 02-27 03-27 04-24 05-29 06-26 07-31 08-28 09-25 10-30 11-27 12-25',
    ],
    ['the fifth Monday, where there is one', 'cron(0 0 ? * 2#5 *)', '00:00', '03-30 06-29 08-31 11-30'],
    ['the 31st', 'cron(0 0 31 * ? *)', '00:00', '01-31 03-31 05-31 07-31 08-31 10-31 12-31'],
    ['every third month', 'cron(0 6 1 1/3 ? *)', '06:00', '01-01 04-01 07-01 10-01'],
    ['months by name', 'cron(0 6 10 FEB,NOV ? *)', '06:00', '02-10 11-10'],
    ['a range and a day', 'cron(0 6 1-3,31 5 ? *)', '06:00', '05-01 05-02 05-03 05-31'],
    ['one day of one year', 'cron(0 6 24 12 ? 2026)', '06:00', '12-24'],
  ])('%s: %s', (_what, expression, time, list) => {
    expect(firingsOf2026({ expression })).toEqual(days(list, time));
  });
});

describe('a year of firings: the minutes are those of the clock', () => {
  const isWeekday = (date: Date) => date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
  const isAt =
    (hour: number, minutes = 0) =>
    (date: Date) =>
      date.getUTCHours() === hour && date.getUTCMinutes() === minutes;

  test.each<[string, string, number, (date: Date) => boolean]>([
    ['every day', 'cron(15 12 * * ? *)', 365, isAt(12, 15)],
    ['weekdays', 'cron(0 18 ? * MON-FRI *)', 261, (date) => isWeekday(date) && isAt(18)(date)],
    ['weekdays by number', 'cron(0 18 ? * 2-6 *)', 261, (date) => isWeekday(date) && isAt(18)(date)],
    ['day 1 is Sunday', 'cron(0 12 ? * 1 *)', 52, (date) => date.getUTCDay() === 0 && isAt(12)(date)],
    ['L of a week is Saturday', 'cron(0 0 ? * L *)', 52, (date) => date.getUTCDay() === 6 && isAt(0)(date)],
    ['every quarter of an hour', 'cron(0/15 * * * ? *)', 35_040, (date) => date.getUTCMinutes() % 15 === 0],
    [
      '5/20: 5, 25, 45',
      'cron(5/20 3 * * ? *)',
      3 * 365,
      (date) => date.getUTCHours() === 3 && date.getUTCMinutes() % 20 === 5,
    ],
    [
      'every five minutes of office hours, 8:00 to 17:55',
      'cron(0/5 8-17 ? * MON-FRI *)',
      31_320,
      (date) =>
        isWeekday(date) &&
        date.getUTCHours() >= 8 &&
        date.getUTCHours() <= 17 &&
        date.getUTCMinutes() % 5 === 0,
    ],
    [
      'every second hour of a range',
      'cron(0 8-18/2 * * ? *)',
      6 * 365,
      (date) => [8, 10, 12, 14, 16, 18].some((hour) => isAt(hour)(date)),
    ],
    [
      'every tenth day',
      'cron(0 0 */10 * ? *)',
      12 * 3 + 7,
      (date) => [1, 11, 21, 31].includes(date.getUTCDate()) && isAt(0)(date),
    ],
  ])('%s: %s', (_what, expression, count, isIn) => {
    const firings = firingsOf2026({ expression });
    expect(firings).toHaveLength(count);
    expect(firings).toEqual(fifthMinutesOf2026(isIn));
  });
});

test("AWS's own example: the last Friday of each month of 2022 and 2023, then never again", () => {
  const rule = { expression: 'cron(15 10 ? * 6L 2022-2023)' };
  const firings = nextFirings(rule, new Date('2020-01-01'), 100).map(minute);
  const of2022 = '01-28 02-25 03-25 04-29 05-27 06-24 07-29 08-26 09-30 10-28 11-25 12-30';
  expect(firings.slice(0, 12)).toEqual(of2022.split(' ').map((day) => `2022-${day}T10:15`));
  expect(firings).toHaveLength(24);
  expect(firings.at(-1)).toBe('2023-12-29T10:15');
  expect(nextFirings(rule, new Date('2023-12-29T10:15Z'), 1)).toEqual([]);
});

test("AWS's own example of a step: 1/10 is the 1st, 11th, 21st minute, and so on", () => {
  const firings = nextFirings({ expression: 'cron(1/10 * * * ? *)' }, beforeYear, 7).map(minute);
  expect(firings.map((firing) => firing.slice(-5))).toEqual([
    ...['00:01', '00:11', '00:21', '00:31', '00:41', '00:51'],
    '01:01',
  ]);
});

test('a leap day comes every four years, and not in 2100', () => {
  const firings = nextFirings({ expression: 'cron(0 0 29 2 ? *)' }, new Date('2090-01-01'), 3);
  expect(firings.map(minute)).toEqual(['2092-02-29T00:00', '2096-02-29T00:00', '2104-02-29T00:00']);
});

test('a step through years begins with its first', () => {
  const firings = nextFirings({ expression: 'cron(0 0 1 1 ? 2026-2031/2)' }, new Date('2020-01-01'), 9);
  expect(firings.map(minute)).toEqual(['2026-01-01T00:00', '2028-01-01T00:00', '2030-01-01T00:00']);
});

test('the last year is 2199', () => {
  const firings = nextFirings({ expression: 'cron(0 0 31 12 ? *)' }, new Date('2198-06-01'), 9);
  expect(firings.map(minute)).toEqual(['2198-12-31T00:00', '2199-12-31T00:00']);
});

/** The zones' transitions of 2026, as the IANA database has them. */
describe('where clocks go forward', () => {
  test.each([
    ['Europe/Berlin', '30 2', '2026-03-28T01:30 2026-03-30T00:30 2026-03-31T00:30'],
    ['America/New_York', '30 2', '2026-03-07T07:30 2026-03-09T06:30 2026-03-10T06:30'],
    // Thirty minutes only, in October: 2:00 to 2:30.
    ['Australia/Lord_Howe', '15 2', '2026-10-02T15:45 2026-10-04T15:15 2026-10-05T15:15'],
  ])('%s skips what its clocks skip', (timezone, time, expected) => {
    const rule = { expression: `cron(${time} * * ? *)`, timezone };
    const after = new Date(`${expected.slice(0, 10)}T00:00Z`);
    expect(nextFirings(rule, after, 3).map(minute)).toEqual(expected.split(' '));
  });

  test('a quarter of an hour follows the other without a gap', () => {
    const rule = { expression: 'cron(0/15 * * * ? *)', timezone: 'Europe/Berlin' };
    const firings = nextFirings(rule, new Date('2026-03-29T00:30Z'), 4).map(minute);
    expect(firings).toEqual(['00:45', '01:00', '01:15', '01:30'].map((time) => `2026-03-29T${time}`));
  });

  test('a whole day that an island left out does not fire', () => {
    const rule = { expression: 'cron(0 12 * * ? *)', timezone: 'Pacific/Apia' };
    // The 29th, then the 31st of December 2011, 24 hours later.
    expect(nextFirings(rule, new Date('2011-12-29T12:00Z'), 2).map(minute)).toEqual([
      '2011-12-29T22:00',
      '2011-12-30T22:00',
    ]);
  });
});

describe('where clocks go back', () => {
  test.each([
    ['Europe/Berlin', '30 2', '2026-10-24T00:30 2026-10-25T00:30 2026-10-26T01:30'],
    ['America/New_York', '30 1', '2026-10-31T05:30 2026-11-01T05:30 2026-11-02T06:30'],
    // Thirty minutes only, in April: 2:00 to 1:30.
    ['Australia/Lord_Howe', '45 1', '2026-04-03T14:45 2026-04-04T14:45 2026-04-05T15:15'],
  ])('%s fires once, before they do', (timezone, time, expected) => {
    const rule = { expression: `cron(${time} * * ? *)`, timezone };
    const after = new Date(new Date(`${expected.slice(0, 16)}Z`).getTime() - 60_000);
    expect(nextFirings(rule, after, 3).map(minute)).toEqual(expected.split(' '));
  });

  test('the repeated hour of an interval does not fire, as AWS documents it', () => {
    const rule = { expression: 'cron(0/30 * * * ? *)', timezone: 'Europe/Berlin' };
    const firings = nextFirings(rule, new Date('2026-10-24T23:30Z'), 4).map(minute);
    expect(firings).toEqual(['00:00', '00:30', '02:00', '02:30'].map((time) => `2026-10-25T${time}`));
  });

  test('what is asked within the repeated hour is what comes after it', () => {
    const rule = { expression: 'cron(0/30 * * * ? *)', timezone: 'Europe/Berlin' };
    expect(nextFirings(rule, new Date('2026-10-25T01:10Z'), 1).map(minute)).toEqual(['2026-10-25T02:00']);
  });
});

test('a year in a zone: every day but the one without that time', () => {
  const rule = { expression: 'cron(30 2 * * ? *)', timezone: 'Europe/Berlin' };
  const firings = firingsOf2026(rule);
  expect(firings).toHaveLength(364);
  expect(firings.filter((firing) => firing.endsWith('T01:30'))).toHaveLength(87 + 67);
  expect(firings.filter((firing) => firing.endsWith('T00:30'))).toHaveLength(210);
});

describe('a rate', () => {
  const start = new Date('2026-03-28T10:00Z');

  test('counts from its start, which is its first firing', () => {
    const firings = nextFirings({ expression: 'rate(90 minutes)', start }, new Date('2026-01-01'), 3);
    expect(firings.map(minute)).toEqual(['2026-03-28T10:00', '2026-03-28T11:30', '2026-03-28T13:00']);
  });

  test('without a start fires at once when it is made, and counts from there', () => {
    const created = new Date('2026-05-01T08:13:20Z');
    const rule = { expression: 'rate(1 hour)', created };
    expect(nextFirings(rule, new Date(created.getTime() - 1), 1)).toEqual([created]);
    expect(nextFirings(rule, new Date('2026-05-03T00:00Z'), 1)).toEqual([new Date('2026-05-03T00:13:20Z')]);
  });

  test('strictly after: the firing of that very moment is over', () => {
    expect(nextFirings({ expression: 'rate(5 minutes)', start }, start, 1).map(minute)).toEqual([
      '2026-03-28T10:05',
    ]);
  });

  test('has days of 24 hours, whatever the clocks do', () => {
    const rule = { expression: 'rate(1 days)', start, timezone: 'Europe/Berlin' };
    expect(nextFirings(rule, start, 2).map(minute)).toEqual(['2026-03-29T10:00', '2026-03-30T10:00']);
  });

  test('that is longer than a date can be fires at its start only', () => {
    expect(nextFirings({ expression: 'rate(999999999 days)', start }, start, 1)).toEqual([]);
  });
});

describe('start and end', () => {
  const expression = 'cron(0 12 * * ? *)';

  test('bound a cron expression, both of them included', () => {
    const rule = { expression, start: new Date('2026-02-01T12:00Z'), end: new Date('2026-02-03T12:00Z') };
    expect(firingsOf2026(rule)).toEqual(days('02-01 02-02 02-03', '12:00'));
  });

  test('bound a rate', () => {
    const rule = {
      expression: 'rate(12 hours)',
      start: new Date('2026-02-01T06:00Z'),
      end: new Date('2026-02-02T00:00Z'),
    };
    expect(firingsOf2026(rule)).toEqual(['2026-02-01T06:00', '2026-02-01T18:00']);
  });

  test('mean nothing to a schedule that fires once', () => {
    const rule = { expression: 'at(2026-06-01T09:00:00)', start: endOfYear, end: beforeYear };
    expect(firingsOf2026(rule)).toEqual(['2026-06-01T09:00']);
  });
});

test('at is meant in its time zone, and fires once', () => {
  const rule = { expression: 'at(2026-07-01T09:00:30)', timezone: 'America/New_York' };
  expect(nextFirings(rule, beforeYear, 5)).toEqual([new Date('2026-07-01T13:00:30Z')]);
  expect(nextFirings(rule, new Date('2026-07-01T13:00:30Z'), 5)).toEqual([]);
});

test('at of a time that comes twice is its first', () => {
  const rule = { expression: 'at(2026-10-25T02:30:00)', timezone: 'Europe/Berlin' };
  expect(nextFirings(rule, beforeYear, 1).map(minute)).toEqual(['2026-10-25T00:30']);
});
