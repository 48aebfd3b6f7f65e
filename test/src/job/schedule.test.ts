import { describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { schedulePayloadProblems } from '../../../lib/discovery/schedules.ts';
import { jobProblems } from '../../../src/job/check/problems.ts';
import { scheduleProblems } from '../../../src/job/check/schedule.ts';
import { defineJob } from '../../../src/job/index.ts';
import { jobSchedules } from '../../../src/job/schedule.ts';

const run = () => undefined;
const now = new Date('2026-11-21T08:00:00Z');
const expression = 'rate(5 minutes)';

function problemsOf(schedule: unknown): string[] {
  return scheduleProblems({ schedule }, now).map(({ option }) => option);
}

describe("a job's schedules", () => {
  test('may be one or several, in short or in detail', () => {
    expect(problemsOf(undefined)).toEqual([]);
    expect(problemsOf(expression)).toEqual([]);
    expect(problemsOf(['rate(1 day)', 'cron(0 9 ? * MON-FRI *)', { expression, name: 'often' }])).toEqual([]);
    expect(
      problemsOf({
        expression: 'cron(0 9 ? * MON-FRI *)',
        name: 'office-hours_1',
        timezone: 'Europe/Berlin',
        payload: { any: 'thing' },
        enabled: false,
        start: '2026-12-01T08:00:00Z',
        end: '2027-12-01T08:00:00.000+01:00',
        flexibleWindow: '15m',
      }),
    ).toEqual([]);
  });

  test('get names, a time zone and a payload where they say none', () => {
    const job = defineJob({ run, schedule: [expression, { expression, name: 'b', payload: { a: 1 } }] });
    expect(jobSchedules(job)).toEqual([
      { expression, name: '1', timezone: 'UTC', payload: {}, enabled: true },
      { expression, name: 'b', timezone: 'UTC', payload: { a: 1 }, enabled: true },
    ]);
    expect(jobSchedules(defineJob({ run }))).toEqual([]);
  });

  test.each([
    ['schedule', 'rate(5 minute)'],
    ['schedule', 5],
    ['schedule', null],
    ['schedule', 'at(2027-01-01T00:00:00)'],
    ['schedule', []],
    ['schedule', Array.from({ length: 11 }, () => expression)],
    ['schedule[1]', [expression, 'cron(0 0 31 2 ? *)']],
    ['schedule.expression', { expression: 'cron(0 25 * * ? *)' }],
    ['schedule.expression', {}],
    ['schedule[1].expression', [expression, { expression: 'cron(0 9 * * MON *)' }]],
    ['schedule.timezone', { expression, timezone: 'Mars/Olympus_Mons' }],
    ['schedule.timezone', { expression, timezone: 2 }],
    ['schedule.name', { expression, name: 'every day' }],
    ['schedule.name', { expression, name: 'x'.repeat(21) }],
    ['schedule.name', { expression, name: '' }],
    [
      'schedule[1].name',
      [
        { expression, name: 'a' },
        { expression, name: 'a' },
      ],
    ],
    ['schedule[1].name', [{ expression, name: '2' }, expression]],
    ['schedule.enabled', { expression, enabled: 'yes' }],
    ['schedule.flexibleWindow', { expression, flexibleWindow: '30s' }],
    ['schedule.flexibleWindow', { expression, flexibleWindow: '90s' }],
    ['schedule.flexibleWindow', { expression, flexibleWindow: '25h' }],
    ['schedule.flexibleWindow', { expression, flexibleWindow: 15 }],
    ['schedule.start', { expression, start: '2026-12-01' }],
    ['schedule.start', { expression, start: '2026-12-01T08:00:00' }],
    ['schedule.start', { expression, start: '2027-02-30T08:00:00Z' }],
    ['schedule.end', { expression, end: '2026-13-01T08:00:00Z' }],
    ['schedule.end', { expression, start: '2027-01-02T00:00:00Z', end: '2027-01-02T01:00:00+01:00' }],
    ['schedule.timeZone', { expression, timeZone: 'Europe/Berlin' }],
  ])('are refused for %s: %j', (option, schedule) => {
    expect(problemsOf(schedule)).toEqual([option]);
  });

  test.each([
    ['a year that is over', 'cron(0 9 1 1 ? 2026)'],
    ['an end that is past', { expression, end: '2026-11-21T07:59:00Z' }],
    ['a start after its last year', { expression: 'cron(0 9 1 1 ? 2027)', start: '2028-01-01T00:00:00Z' }],
    ['an end before the first firing', { expression: 'cron(0 9 1 1 ? *)', end: '2026-12-31T00:00:00Z' }],
    [
      'the one hour of the year that clocks skip',
      { expression: 'cron(30 2 28 3 ? 2027)', timezone: 'Europe/Berlin' },
    ],
  ])('are refused where they never fire again: %s', (_what, schedule) => {
    const [problem, ...more] = scheduleProblems({ schedule }, now);
    expect(problem?.given).toMatch(/never fires again/);
    expect(more).toEqual([]);
  });

  test('are part of what is wrong with a definition, with what is given, the bound and what to do', () => {
    expect(jobProblems(defineJob({ run, schedule: [expression, 'cron(0 9 ? * FRI-MON *)'] }))).toEqual([
      {
        option: 'schedule[1]',
        given: "'cron(0 9 ? * FRI-MON *)', where the day-of-week is 'FRI-MON'",
        bound: '1 to 7 or SUN to SAT, with , - * ? L #',
        advice: "write the lower one first, or list both parts, for 'FRI-MON'",
      },
    ]);
  });
});

describe('what a schedule publishes', () => {
  const payload = z.object({ friendName: z.string() });

  test('has to fit the schema of the job', async () => {
    const schedule = [
      { expression, payload: { friendName: 'Hank' } },
      { expression, payload: { friendName: 5 } },
    ] as const;
    const problems = await schedulePayloadProblems(
      defineJob({ payload, schedule, run } as never),
      'GreetingJob',
    );
    expect(problems).toEqual([
      {
        option: 'schedule[1].payload',
        given: '{"friendName":5}',
        bound: expect.stringMatching(/what the job's schema takes; .*friendName: .*expected string/),
        advice: 'give a payload that fits',
      },
    ]);
  });

  test('is {} where it says nothing, which has to fit as well', async () => {
    const problems = await schedulePayloadProblems(
      defineJob({ payload, schedule: expression, run }),
      'GreetingJob',
    );
    expect(problems).toMatchObject([{ option: 'schedule.payload', given: 'nothing, which publishes {}' }]);
    const optional = z.object({ friendName: z.optional(z.string()) });
    const job = defineJob({ payload: optional, schedule: expression, run });
    expect(await schedulePayloadProblems(job, 'GreetingJob')).toEqual([]);
    expect(await schedulePayloadProblems(defineJob({ schedule: expression, run }), 'GreetingJob')).toEqual(
      [],
    );
  });

  test('is checked by an asynchronous schema, as it arrives', async () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value: unknown) =>
          typeof (value as { at: unknown }).at === 'string'
            ? { value }
            : { issues: [{ message: 'no text', path: ['at'] }] },
      },
    } as const;
    const job = (at: unknown) =>
      defineJob({ payload: schema, schedule: { expression, payload: { at } }, run });
    expect(await schedulePayloadProblems(job(new Date()), 'A')).toEqual([]);
    expect(await schedulePayloadProblems(job(1), 'A')).toMatchObject([{ option: 'schedule.payload' }]);
  });

  test('has to be JSON', async () => {
    const job = defineJob({ schedule: { expression, payload: { count: 1n } }, run });
    expect(await schedulePayloadProblems(job, 'A')).toMatchObject([
      { option: 'schedule.payload', bound: expect.stringMatching(/not JSON: payload.count/) },
    ]);
  });

  test('has to fit into the input of a schedule', async () => {
    const job = (length: number) => defineJob({ schedule: { expression, payload: 'x'.repeat(length) }, run });
    expect(await schedulePayloadProblems(job(261_000), 'A')).toEqual([]);
    const [problem] = await schedulePayloadProblems(job(262_000), 'A');
    expect(problem).toMatchObject({
      option: 'schedule.payload',
      bound: expect.stringMatching(/^261120 bytes .*256 KB/),
    });
    expect(problem?.given.length).toBeLessThan(300);
  });
});
