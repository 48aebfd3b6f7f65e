import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextFirings } from '../../../src/schedule/firings.ts';
import { firingsBetween } from './firingsBetween.ts';

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Apia',
];

/** A field's values and a text for them; undefined stands for all. */
const values = (min: number, max: number) =>
  fc.option(fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 6 }), { nil: undefined });
const text = (list: readonly number[] | undefined) => list?.join(',') ?? '*';

const cron = fc.record({
  minutes: values(0, 59),
  hours: values(0, 23),
  dayOfMonth: values(1, 28),
  month: values(1, 12),
  dayOfWeek: values(1, 7),
  byWeekday: fc.boolean(),
});

type Fields = typeof cron extends fc.Arbitrary<infer T> ? T : never;

function expressionOf({ minutes, hours, dayOfMonth, month, dayOfWeek, byWeekday }: Fields): string {
  const day = byWeekday ? ['?', text(month), text(dayOfWeek)] : [text(dayOfMonth), text(month), '?'];
  return `cron(${text(minutes)} ${text(hours)} ${day.join(' ')} *)`;
}

/** What a clock on the wall shows, by another way than the code under test takes. */
function wallClock(timezone: string): (date: Date) => Record<string, number> {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    day: 'numeric',
    month: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  });
  const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  return (date) =>
    Object.fromEntries(
      format
        .formatToParts(date)
        .map(({ type, value }) => [type, type === 'weekday' ? weekdays.indexOf(value) + 1 : Number(value)]),
    );
}

function isIn(fields: Fields, clock: Record<string, number>): boolean {
  const has = (list: readonly number[] | undefined, part: string) =>
    list?.includes(clock[part] ?? -1) ?? true;
  const isDay = fields.byWeekday ? has(fields.dayOfWeek, 'weekday') : has(fields.dayOfMonth, 'day');
  const isTime = has(fields.minutes, 'minute') && has(fields.hours, 'hour') && clock.second === 0;
  return isTime && has(fields.month, 'month') && isDay;
}

const instants = fc
  .date({ min: new Date('2024-01-01'), max: new Date('2033-01-01'), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 60_000) * 60_000));

test('firings ascend strictly, and each is a time that all fields of the expression name', () => {
  fc.assert(
    fc.property(cron, fc.constantFrom(...zones), instants, (fields, timezone, after) => {
      const firings = nextFirings({ expression: expressionOf(fields), timezone }, after, 8);
      const clock = wallClock(timezone);
      expect(firings).toHaveLength(8);
      firings.forEach((firing, index) => {
        expect(firing.getTime()).toBeGreaterThan((firings[index - 1] ?? after).getTime());
        expect(isIn(fields, clock(firing))).toBe(true);
      });
    }),
    { numRuns: 150 },
  );
});

test('no time that the fields name is left out, but a second showing of the same', () => {
  const windowMs = 2 * 86_400_000;
  /** Days around changes of clocks, where it matters, and any others. */
  const starts = fc.oneof(
    instants,
    fc
      .constantFrom('2026-03-28', '2026-10-24', '2026-03-07', '2026-10-31', '2026-04-03', '2026-10-02')
      .map((day) => new Date(day)),
  );
  fc.assert(
    fc.property(cron, fc.constantFrom(...zones), starts, (fields, timezone, after) => {
      const until = new Date(after.getTime() + windowMs);
      const firings = firingsBetween({ expression: expressionOf(fields), timezone }, after, until);
      const clock = wallClock(timezone);
      const shown = new Set<string>();
      const expected: number[] = [];
      // From an hour before: a time may have been shown a first time then.
      for (let time = after.getTime() - 3_600_000; time <= until.getTime(); time += 60_000) {
        const now = clock(new Date(time));
        const key = [now.month, now.day, now.hour, now.minute].join();
        if (!shown.has(key) && time > after.getTime() && isIn(fields, now)) expected.push(time);
        shown.add(key);
      }
      expect(firings.map((firing) => firing.getTime())).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});
