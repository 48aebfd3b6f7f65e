import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { day, hour, minute } from '../local/aws/virtualClock.ts';
import { runJobs, runJobsProcess, startDirectory } from './jobsCommand.ts';
import { type SchedulesPlatform, startSchedulesPlatform } from './schedulesPlatform.ts';

let platform: SchedulesPlatform;
beforeAll(async () => {
  platform = await startSchedulesPlatform();
});
afterAll(() => platform.close());
afterEach(() => {
  const { scheduler, published } = platform;
  for (const { schedule } of scheduler.schedules()) scheduler.delete(schedule.GroupName, schedule.Name);
  published.length = 0;
});

const run = (...words: string[]) => platform.run(...words);
const hank = '{"friendName":"Hank"}';
const stored = (name: string, group = 'jobs-dev') => platform.scheduler.schedule(group, name).schedule;
const isoIn = (ms: number) => new Date(Date.now() + ms).toISOString();

describe('publish', () => {
  test('--delay has the job published later, and says when', async () => {
    const words = ['publish', 'GreetingJob', hank, '--delay', '10m', '--job-id', 'order-7', '--group', 't'];
    const { code, stdout, stderr } = await run(...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^delayed GreetingJob order-7 until \d{4}-[\d-]+T[\d:]+Z, in (9m \d+s|10m)\n$/);
    expect(platform.inputOf('order-7')).toMatchObject({ Message: hank, MessageGroupId: 't' });
    expect(platform.published).toEqual([]);
  });

  test('--at takes an instant, and --json says it', async () => {
    const at = '2099-12-24T18:00:00+01:00';
    const { stdout } = await run('publish', 'GreetingJob', hank, '--at', at, '--job-id', 'xmas', '--json');
    const line = { status: 'delayed', jobName: 'GreetingJob', jobId: 'xmas', at: '2099-12-24T17:00:00.000Z' };
    expect(JSON.parse(stdout)).toEqual(line);
    expect(stored('xmas', 'jobs-dev-once').ScheduleExpression).toBe('at(2099-12-24T17:00:00)');
  });

  test.each([
    [['--delay', '10x'], /--delay: '10x' is no duration/],
    [['--at', 'tomorrow'], /--at must be an ISO instant with Z or an offset, such as .*, was 'tomorrow'/],
    [['--at', '2020-01-01T00:00:00Z'], /--at is past \(2020-01-01T00:00:00\.000Z\): choose a time ahead/],
    [['--delay', '10m', '--at', '2099-01-01T00:00:00Z'], /--delay and --at both say when/],
  ])('%j is a mistake: nothing is tried', async (words, problem) => {
    const { code, stdout, stderr } = await run('publish', 'GreetingJob', hank, ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(problem);
  });

  test('of a file delays its lines, and each may say its own time', async () => {
    const lines = [
      { jobName: 'GreetingJob', payload: { friendName: 'A' }, jobId: 'a' },
      { jobName: 'GreetingJob', payload: { friendName: 'B' }, jobId: 'b', at: '2099-01-01T00:00:00Z' },
      { jobName: 'GreetingJob', payload: { friendName: 'C' }, jobId: 'c', delay: '0s' },
      { jobName: 'GreetingJob', payload: { friendName: 'D' }, jobId: 'd', delay: 'soon' },
    ];
    const file = join(platform.directory, 'later.jsonl');
    await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const { code, stdout, stderr } = await run('publish', '--file', file, '--delay', '1d');
    expect([code, stdout]).toEqual([
      1,
      'published 1 message to the local platform, delayed 2 jobs, 1 failure\n',
    ]);
    expect(stderr).toMatch(/^line 4: .*'soon' is no duration/);
    expect(stored('b', 'jobs-dev-once').ScheduleExpression).toBe('at(2099-01-01T00:00:00)');
    expect(platform.published.map(({ message }) => message)).toEqual(['{"friendName":"C"}']);
  });
});

describe('schedules list', () => {
  test('shows recurring schedules with their next five firings, and delayed jobs in their order', async () => {
    platform.addRecurring('GreetingJob-1', {
      ScheduleExpression: 'cron(30 9 1 1 ? *)',
      ScheduleExpressionTimezone: 'Asia/Tokyo',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 90 },
    });
    platform.addRecurring('GreetingJob-night', { State: 'DISABLED' });
    await run('publish', 'GreetingJob', hank, '--at', '2099-01-01T00:00:00Z', '--job-id', 'later');
    await run('publish', 'GreetingJob', hank, '--delay', '2d', '--job-id', 'order/7');
    const { code, stdout, stderr } = await runJobsProcess(platform.directory, ['schedules', 'list']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^GreetingJob-1 \(enabled\)\n {2}job {3}GreetingJob\n {2}when {2}cron\(30 9 1 1 \? \*\) in Asia\/Tokyo, up to 1h 30m later\n {2}next /,
    );
    expect(stdout.match(/\d{4}-01-01T00:30:00Z {3}in \d+d/g)).toHaveLength(5);
    expect(stdout).toContain('\n\nGreetingJob-night (paused)\n  job   GreetingJob\n  when  rate(1 hour)\n\n');
    expect(stdout).toMatch(/order\/7 +GreetingJob .* (1d 23h|2d)\nlater +GreetingJob .*2099-01-01T00:00:00Z/);
    expect(stdout).toMatch(/\n\n2 recurring schedules and 2 delayed jobs on the local platform\n$/);
  });

  test('says on a fast platform when things are due in real time', async () => {
    const { engine, topicArn } = platform;
    const fast = await startDirectory({
      endpoint: engine.endpoint,
      region: 'us-east-1',
      topicArn,
      speed: 60,
      jobs: {},
    });
    platform.addRecurring('GreetingJob-1');
    await run('publish', 'GreetingJob', hank, '--delay', '2d', '--job-id', 'order-7');
    const { stdout } = await runJobs(fast.path, ['schedules', 'list', '--next', '1']);
    await fast.remove();
    expect(stdout).toMatch(
      /\n {2}due {3}\(real time, speed 60\)\n .* in \d+s {3}\S+Z on the platform's clock\n/,
    );
    const due = /\norder-7 .* (\S+Z) +4[78]m( \d+s)?\n/.exec(stdout)?.[1] ?? '';
    expect(Math.abs(Date.parse(due) - Date.now() - 48 * minute)).toBeLessThan(2 * minute);
    expect(stdout).toMatch(/, which runs 60 times as fast: what is due is said in real time, .*\n$/);
  });

  test('gives all of it as JSON, with as many firings as are wanted', async () => {
    platform.addRecurring('GreetingJob-1', { ScheduleExpression: 'cron(0 0 1 1 ? 2098-2099)' });
    await run('publish', 'GreetingJob', hank, '--at', '2099-01-01T00:00:00Z', '--job-id', 'order/7');
    const { stdout } = await run('schedules', 'list', '--json', '--next', '3');
    const firing = (year: number) => {
      const at = `${year}-01-01T00:00:00.000Z`;
      return { scheduledAt: at, at };
    };
    const common = { jobName: 'GreetingJob', timezone: 'UTC', state: 'enabled', flexibleMinutes: 0 };
    expect(JSON.parse(stdout)).toEqual([
      {
        ...common,
        type: 'recurring',
        name: 'GreetingJob-1',
        expression: 'cron(0 0 1 1 ? 2098-2099)',
        nextFirings: [firing(2098), firing(2099)],
      },
      {
        ...common,
        type: 'delayed',
        name: expect.stringMatching(/^[0-9a-f]{64}$/),
        jobId: 'order/7',
        expression: 'at(2099-01-01T00:00:00)',
        nextFirings: [firing(2099)],
      },
    ]);
  });

  test('shows no more delayed jobs than it is to, and says so', async () => {
    const items = Array.from({ length: 5 }, (_, index) => ({
      job: 'GreetingJob' as const,
      payload: { friendName: 'Hank' },
      jobId: `order-${index}`,
      delay: '1d' as const,
    }));
    await platform.publisher().publishAll(items);
    const { stdout } = await run('schedules', 'list', '--limit', '3');
    expect(stdout.match(/^order-/gm)).toHaveLength(3);
    expect(stdout).toContain('0 recurring schedules and 3 delayed jobs (more are there: --limit shows them)');
  });
});

describe('schedules pause and resume', () => {
  test('change the state, and keep everything else', async () => {
    platform.addRecurring('GreetingJob-1', {
      ScheduleExpression: 'cron(0 9 ? * MON-FRI *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
      Description: 'Publishes the job GreetingJob',
      EndDate: '2098-01-01T00:00:00Z',
      StartDate: '2097-01-01T00:00:00Z',
    });
    const before = stored('GreetingJob-1');
    expect(await run('schedules', 'pause', 'GreetingJob-1')).toMatchObject({
      code: 0,
      stdout: 'paused GreetingJob-1\n',
    });
    expect(stored('GreetingJob-1')).toEqual({ ...before, State: 'DISABLED' });
    expect((await run('schedules', 'pause', 'GreetingJob-1')).stdout).toBe(
      'GreetingJob-1 is paused already\n',
    );
    expect((await run('schedules', 'resume', 'GreetingJob-1')).stdout).toBe('resumed GreetingJob-1\n');
    expect(stored('GreetingJob-1')).toEqual(before);
    expect((await run('schedules', 'resume', 'GreetingJob-1')).stdout).toBe('GreetingJob-1 is not paused\n');
  });

  test('work for a schedule that started long ago, and leave a rate its rhythm', async () => {
    const StartDate = new Date(Math.floor(Date.now() / 1000) * 1000 - 10 * day - 20 * minute).toISOString();
    platform.addRecurring('GreetingJob-1', { StartDate });
    platform.addRecurring('GreetingJob-2', { StartDate, ScheduleExpression: 'cron(0 9 * * ? *)' });
    expect((await run('schedules', 'pause', 'GreetingJob-1')).stdout).toBe('paused GreetingJob-1\n');
    expect((await run('schedules', 'pause', 'GreetingJob-2')).stdout).toBe('paused GreetingJob-2\n');
    const restarted = stored('GreetingJob-1').StartDate?.getTime() ?? 0;
    expect(restarted).toBeGreaterThan(Date.now());
    expect((restarted - Date.parse(StartDate)) % hour).toBe(0);
    expect(restarted - Date.now()).toBeLessThan(hour);
    expect(stored('GreetingJob-2').StartDate).toBeUndefined();
  });

  test('name the nearest schedule where there is none of that name', async () => {
    platform.addRecurring('GreetingJob-1');
    const { code, stderr } = await run('schedules', 'pause', 'GretingJob-1');
    expect([code, stderr]).toEqual([
      2,
      "error: the local platform has no recurring schedule 'GretingJob-1'. Did you mean GreetingJob-1?\n",
    ]);
    expect((await run('schedules', 'resume', 'no/name')).stderr).toContain('There are: GreetingJob-1');
  });
});

describe('schedules run-now', () => {
  test('publishes what a schedule publishes, at once, with an ID of its own, paused or not', async () => {
    platform.addRecurring('GreetingJob-1', { State: 'DISABLED' });
    const { code, stdout } = await run('schedules', 'run-now', 'GreetingJob-1');
    const [, jobId, messageId] =
      /^published GreetingJob ([\da-f-]{36}) \(message (\S+)\)\n$/.exec(stdout) ?? [];
    expect([code, platform.published[0]?.messageId]).toEqual([0, messageId]);
    const [publish] = platform.published;
    expect(publish?.messageAttributes).toMatchObject({
      jobId: { StringValue: jobId },
      jobName: { StringValue: 'GreetingJob' },
    });
    const { at } = JSON.parse(publish?.message ?? '');
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(5 * minute);
    expect(stored('GreetingJob-1').State).toBe('DISABLED');

    const second = JSON.parse((await run('schedules', 'run-now', 'GreetingJob-1', '--json')).stdout);
    expect(second).toMatchObject({ status: 'published', schedule: 'GreetingJob-1', jobName: 'GreetingJob' });
    expect(second.jobId).not.toBe(jobId);
  });

  test('refuses a schedule that publishes no job', async () => {
    const Target = {
      Arn: 'arn:aws:sqs:us-east-1:000000000000:some-queue',
      RoleArn: 'arn:aws:iam::000000000000:role/r',
      Input: '{}',
    };
    platform.addRecurring('by-hand', { Target, State: 'DISABLED' });
    const { code, stderr } = await run('schedules', 'run-now', 'by-hand');
    expect([code, stderr]).toEqual([
      2,
      "error: the schedule 'by-hand' publishes no job: somebody made it by hand\n",
    ]);
    expect((await run('schedules', 'list')).stdout).toContain('job   none: somebody made it by hand');
  });
});

describe('schedules cancel and reschedule', () => {
  test('take a delayed job back, or move it', async () => {
    await run('publish', 'GreetingJob', hank, '--delay', '1d', '--job-id', 'order/7');
    const at = isoIn(3 * day);
    expect((await run('schedules', 'reschedule', 'order/7', '--at', at)).stdout).toMatch(
      /^moved order\/7 to \d{4}-.*Z, in (2d 23h|3d)\n$/,
    );
    expect((await run('schedules', 'reschedule', 'order/7', '--delay', '2h')).code).toBe(0);
    const [{ schedule }] = platform.scheduler.schedules() as [ReturnType<typeof platform.scheduler.schedule>];
    const moved = Date.parse(`${schedule.ScheduleExpression.slice(3, -1)}Z`);
    expect(Math.abs(moved - Date.now() - 2 * hour)).toBeLessThan(5 * minute);
    expect(await run('schedules', 'cancel', 'order/7')).toMatchObject({
      code: 0,
      stdout: 'cancelled order/7\n',
    });
    expect(platform.scheduler.schedules()).toEqual([]);
  });

  test.each([['cancel'], ['reschedule', '--delay', '1h']])(
    '%s: no such job is exit code 1',
    async (...words) => {
      const [command = '', ...options] = words;
      const { code, stdout, stderr } = await run('schedules', command, 'order-7', ...options);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^nothing was (cancelled|moved): no delayed job order-7 waits\./);
    },
  );

  test('reschedule needs a time ahead', async () => {
    expect(await run('schedules', 'reschedule', 'order-7')).toMatchObject({ code: 2 });
    expect(await run('schedules', 'reschedule', 'order-7', '--delay', '0s')).toMatchObject({ code: 2 });
    const past = await run('schedules', 'reschedule', 'order-7', '--at', '2020-01-01T00:00:00Z');
    expect([past.code, past.stderr]).toEqual([2, expect.stringContaining('--at is past')]);
  });
});

test('what AWS refuses is one line, with the permission it needs, and exit code 1', async () => {
  const denying = createServer((_request, response) => {
    response.writeHead(403, {
      'content-type': 'application/json',
      'x-amzn-errortype': 'AccessDeniedException',
    });
    response.end('{"Message":"no"}');
  });
  await new Promise<void>((resolve) => denying.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(denying.address() as AddressInfo).port}`;
  const { topicArn } = platform;
  const directory = await startDirectory({ endpoint, region: 'us-east-1', topicArn, speed: 1, jobs: {} });
  const refused = (...words: string[]) => runJobs(directory.path, ['schedules', ...words]);
  const [list, pause, cancel] = await Promise.all([
    refused('list'),
    refused('pause', 'GreetingJob-1'),
    refused('cancel', 'order-7'),
  ]);
  await directory.remove();
  denying.closeAllConnections();
  await new Promise((resolve) => denying.close(resolve));
  const group = 'arn:aws:scheduler:us-east-1:000000000000:schedule/jobs-dev';
  expect([list.code, list.stderr]).toEqual([
    1,
    `error: no permission: schedules list needs scheduler:GetSchedule on ${group}/*; scheduler:GetSchedule on ${group}-once/*; scheduler:ListSchedules on *\n`,
  ]);
  expect(pause.stderr).toContain('error: no permission: schedules pause needs ');
  expect([cancel.code, cancel.stderr]).toEqual([
    1,
    `error: no permission: schedules cancel needs scheduler:DeleteSchedule on ${group}-once/*\n`,
  ]);
});

test('a platform without schedules, and none at all, are said in one line', async () => {
  const { scheduler } = platform;
  scheduler.deleteGroup('jobs-dev');
  const { code, stdout } = await run('schedules', 'list');
  scheduler.createGroup('jobs-dev');
  expect([code, stdout]).toEqual([0, '0 recurring schedules and 0 delayed jobs on the local platform\n']);
  const directory = await startDirectory();
  const none = await runJobsProcess(directory.path, ['schedules', 'list']);
  await directory.remove();
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringMatching(/^error: no local platform is running/),
  ]);
});
