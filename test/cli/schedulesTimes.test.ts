import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { expect, test } from '@jest/globals';
import { delayedText, recurringText, summaryText } from '../../cli/schedules/list.ts';
import { platformTime } from '../../cli/schedules/platformTime.ts';
import { withStartAhead } from '../../cli/schedules/recurringSchedule.ts';
import { schedulesIn } from '../../cli/schedules/schedule.ts';
import { needs, permissions } from '../../cli/schedules/session.ts';
import { untilText } from '../../cli/when.ts';
import { startEngine } from '../../local/aws/engine/engine.ts';
import { localCredentials as credentials } from '../../local/aws/isolatedAws.ts';
import { schedulerApi } from '../../local/aws/scheduler/api.ts';
import { scheduleFrom } from '../../local/aws/scheduler/schedule.ts';
import { startScheduler } from '../../local/aws/scheduler/scheduler.ts';
import { platformSchedules } from '../../src/publisher/delay/platformSchedules.ts';
import { minute, virtualClock } from '../local/aws/virtualClock.ts';

test.each([1, 60])(
  'at %d times the speed, list says the firings that the platform will have',
  async (speed) => {
    const time = virtualClock('2026-03-28T20:00:00.250Z');
    const engine = await startEngine({ port: 0, region: 'us-east-1', speed });
    const scheduler = startScheduler({ engine, clock: time.clock, onFiring: () => {}, onWarning: () => {} });
    engine.answerScheduler(schedulerApi(scheduler, time.clock.now));
    const client = new SchedulerClient({ endpoint: engine.endpoint, region: 'us-east-1', credentials });
    const create = (Name: string, ScheduleExpression: string, more = {}) =>
      scheduler.create(
        scheduleFrom({
          Name,
          ScheduleExpression,
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            Arn: 'arn:aws:sqs:us-east-1:000000000000:queue',
            RoleArn: 'arn:aws:iam::000000000000:role/r',
            RetryPolicy: { MaximumRetryAttempts: 0 },
          },
          ...more,
        }),
      );
    try {
      create('rate', 'rate(7 minutes)');
      await time.advance(90_400);
      create('later-rate', 'rate(3 minutes)');
      create('from', 'rate(3 minutes)', { StartDate: '2026-03-29T09:00:00Z' });
      create('cron', 'cron(30 2 * * ? *)', { ScheduleExpressionTimezone: 'Europe/Berlin' });
      create('once', 'at(2026-04-01T00:00:00)');
      create('paused', 'rate(1 hour)', { State: 'DISABLED' });
      await time.advance(100_000);
      const { schedules } = await schedulesIn({ scheduler: client }, 'default', 100);
      const predicted = await platformTime({ speed }, client, time.clock.now);
      const views = Object.fromEntries(scheduler.list().map(({ name, nextFirings }) => [name, nextFirings]));
      expect(schedules).toHaveLength(6);
      for (const schedule of schedules) {
        const [own, shown] = [views[schedule.Name ?? ''] ?? [], predicted.firings(schedule, 3)];
        expect(shown.map(({ scheduledAt }) => scheduledAt)).toEqual(
          own.map(({ scheduledAt }) => scheduledAt),
        );
        const apart = shown.map(({ at }, index) => Math.abs(at.getTime() - (own[index]?.at.getTime() ?? 0)));
        expect(Math.max(0, ...apart)).toBeLessThanOrEqual(2);
      }
    } finally {
      await scheduler.stop();
      client.destroy();
      await engine.stop();
    }
  },
);

test('on a fast platform due times are real times, and sorted', () => {
  const shown = { now: Date.parse('2026-03-28T12:00:00Z'), zone: 'UTC', speed: 60 };
  const common = { jobName: 'ReportJob', timezone: 'UTC', state: 'enabled', flexibleMinutes: 0 } as const;
  const firing = (scheduledAt: string, at: string) => ({
    scheduledAt: new Date(scheduledAt),
    at: new Date(at),
  });
  const hourly = {
    ...common,
    type: 'recurring' as const,
    name: 'ReportJob-1',
    expression: 'cron(0 * * * ? *)',
    nextFirings: [
      firing('2026-03-29T09:00:00Z', '2026-03-28T12:00:30.250Z'),
      firing('2026-03-29T10:00:00Z', '2026-03-28T12:01:30.250Z'),
    ],
  };
  expect(recurringText([hourly], shown).split('\n').slice(2)).toEqual([
    '  when  cron(0 * * * ? *) in UTC',
    '  due   (real time, speed 60)',
    "        2026-03-28T12:00:30Z   in 30s   2026-03-29T09:00:00Z on the platform's clock",
    "        2026-03-28T12:01:30Z   in 1m 30s   2026-03-29T10:00:00Z on the platform's clock",
  ]);
  const once = {
    ...common,
    type: 'delayed' as const,
    name: 'order-7',
    jobId: 'order-7',
    expression: 'at(2026-03-28T13:00:00)',
    nextFirings: [firing('2026-03-28T13:00:00Z', '2026-03-28T12:01:00Z')],
  };
  const [headings, row] = delayedText([once], shown).split('\n');
  expect(headings).toMatch(/^delayed job +of +due \(real time, speed 60\) +in$/);
  expect(row).toMatch(/^order-7 +ReportJob +2026-03-28T12:01:00Z +1m$/);
  const berlin = delayedText([once, { ...once, state: 'paused' }], { ...shown, zone: 'Europe/Berlin' });
  expect(berlin.split('\n')).toEqual([
    expect.stringMatching(/^delayed job +of +due \(real time, speed 60\) +UTC +in$/),
    expect.stringMatching(/^order-7 +ReportJob +2026-03-28 13:01:00 GMT\+1 +2026-03-28T12:01:00Z +1m$/),
    expect.stringMatching(/^order-7 +ReportJob +paused$/),
  ]);
  const { speed } = shown;
  expect(summaryText(1, 1, { where: 'it', hasMore: false, speed })).toMatch(/due times are real times/);
});

test('times are said in the zone of who looks, and in UTC, across its change of clocks', () => {
  const firing = (iso: string) => ({ scheduledAt: new Date(iso), at: new Date(iso) });
  const text = recurringText(
    [
      {
        type: 'recurring',
        name: 'ReportJob-1',
        jobName: 'ReportJob',
        expression: 'cron(0 9 * * ? *)',
        timezone: 'America/New_York',
        state: 'enabled',
        flexibleMinutes: 0,
        nextFirings: [firing('2026-03-28T13:00:00Z'), firing('2026-03-29T13:00:00Z')],
      },
    ],
    { now: Date.parse('2026-03-28T12:48:00Z'), zone: 'Europe/Berlin' },
  );
  expect(text.split('\n')).toEqual([
    'ReportJob-1 (enabled)',
    '  job   ReportJob',
    '  when  cron(0 9 * * ? *) in America/New_York',
    '  next  2026-03-28 14:00:00 GMT+1   2026-03-28T13:00:00Z   in 12m',
    '        2026-03-29 15:00:00 GMT+2   2026-03-29T13:00:00Z   in 1d',
  ]);
});

test('publish says when a delayed job is due as list does: in real time', () => {
  const now = Date.parse('2026-03-28T12:00:00.250Z');
  const at = new Date('2026-03-28T12:10:00Z');
  expect(untilText(at, undefined, now)).toBe('2026-03-28T12:10:00Z, in 9m 59s');
  expect(untilText(at, 60, now)).toBe('2026-03-28T12:00:10Z, in 9s (real time, speed 60)');
});

test('an update says no start that AWS would refuse, and nothing that only an answer has', () => {
  const now = new Date('2026-03-28T12:50:00Z');
  const StartDate = new Date(now.getTime() - 50 * minute);
  const schedule = {
    $metadata: {},
    Arn: 'arn',
    CreationDate: now,
    LastModificationDate: now,
    Name: 'ReportJob-1',
    ScheduleExpression: 'rate(20 minutes)',
    StartDate,
  };
  const update = withStartAhead(schedule, now);
  expect(update).toEqual({
    Name: 'ReportJob-1',
    ScheduleExpression: 'rate(20 minutes)',
    StartDate: new Date('2026-03-28T13:00:00Z'),
  });
  const ended = withStartAhead({ ...schedule, EndDate: new Date('2026-03-28T12:55:00Z') }, now);
  expect(ended.StartDate).toBeUndefined();
});

test('the permissions of the documentation are those that the command asks for', () => {
  const documentation = readFileSync(join(import.meta.dirname, '../../docs/schedules.md'), 'utf8');
  const rows = documentation.split('\n').filter((row) => /^\| `[a-z-]+`.*(scheduler:|sns:)/.test(row));
  const documented = rows.flatMap((row) => {
    const [, commands = '', ...needed] = row.split('|');
    const actions = (needed.join().match(/[a-z]+:[A-Z]\w+/g) ?? []).sort();
    return (commands.match(/[a-z-]+/g) ?? []).map((command) => [command, actions]);
  });
  const asked = Object.entries(permissions).map(([command, lists]) => [
    command,
    [...new Set(Object.values(lists).flat())].sort(),
  ]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(asked));
});

test('a missing permission is named with what it is on', () => {
  const platform = platformSchedules('arn:aws:sns:eu-west-1:111122223333:jobs-prod');
  expect(needs('pause', platform)).toBe(
    'schedules pause needs scheduler:GetSchedule, scheduler:UpdateSchedule on arn:aws:scheduler:eu-west-1:111122223333:schedule/jobs-prod/*; iam:PassRole on arn:aws:iam::111122223333:role/jobs-prod-eu-west-1-sched',
  );
});
