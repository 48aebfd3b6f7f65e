import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Delay } from '../../../../src/publisher/delay/delay.ts';
import type { DelayedMessage } from '../../../../src/publisher/delay/onceSchedule.ts';
import {
  AlreadyDelayedError,
  DelayFailedError,
  DelayTooLargeError,
  InvalidDelayError,
} from '../../../../src/publisher/errors.ts';
import { type FakeScheduler, fakeScheduler } from './fakeScheduler.ts';

const topicArn = 'arn:aws:sns:eu-west-1:111122223333:jobs-dev';
const now = new Date('2026-11-21T08:00:00.250Z');
const in30Days = new Date('2026-12-21T08:00:00.250Z');

let scheduler: FakeScheduler;
let delay: Delay;

beforeAll(async () => {
  scheduler = await fakeScheduler('jobs-dev-once');
  delay = new Delay({ topicArn, client: scheduler.client, now: () => now.getTime() });
});
afterAll(() => scheduler.close());
beforeEach(() => {
  scheduler.schedules.clear();
  scheduler.requests.length = 0;
});

function message(jobId: string, payload: unknown = { friendName: 'Hank' }): DelayedMessage {
  const attribute = (value: string) => ({ DataType: 'String', StringValue: value });
  return {
    jobName: 'GreetingJob',
    jobId,
    body: JSON.stringify(payload),
    attributes: { jobName: attribute('GreetingJob'), jobId: attribute(jobId) },
  };
}

function inputOf(name: string): string {
  const target = scheduler.schedules.get(name)?.Target as { Input: string } | undefined;
  return target?.Input ?? '';
}

describe('a delay', () => {
  test('is a one-off schedule that publishes the message as it is, and deletes itself', async () => {
    const job = await delay.schedule({ ...message('job-1'), group: 'tenant-7' }, in30Days);
    expect(job).toEqual({ jobName: 'GreetingJob', jobId: 'job-1', at: new Date('2026-12-21T08:00:01Z') });
    const schedule = scheduler.schedules.get('job-1');
    expect(schedule).toMatchObject({
      GroupName: 'jobs-dev-once',
      ScheduleExpression: 'at(2026-12-21T08:00:01)',
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      ClientToken: expect.any(String),
      Target: {
        Arn: 'arn:aws:scheduler:::aws-sdk:sns:publish',
        RoleArn: 'arn:aws:iam::111122223333:role/jobs-dev-eu-west-1-sched',
        DeadLetterConfig: { Arn: 'arn:aws:sqs:eu-west-1:111122223333:jobs-dev-undelivered' },
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
      },
    });
    expect(JSON.parse(inputOf('job-1'))).toEqual({
      TopicArn: topicArn,
      Message: '{"friendName":"Hank"}',
      MessageAttributes: {
        jobName: { DataType: 'String', StringValue: 'GreetingJob' },
        jobId: { DataType: 'String', StringValue: 'job-1' },
      },
      MessageGroupId: 'tenant-7',
    });
  });

  test('may be years ahead, or a moment', async () => {
    await delay.schedule(message('far'), new Date('2036-02-29T00:00:00Z'));
    await delay.schedule(message('near'), new Date(now.getTime() + 1));
    expect(scheduler.schedules.get('far')?.ScheduleExpression).toBe('at(2036-02-29T00:00:00)');
    expect(scheduler.schedules.get('near')?.ScheduleExpression).toBe('at(2026-11-21T08:00:01)');
  });

  test('cannot lie in the past, and has to be a date', async () => {
    const past = delay.schedule(message('job-1'), now);
    await expect(past).rejects.toThrow(InvalidDelayError);
    await expect(past).rejects.toThrow(/2026-11-21T08:00:00.250Z, is past. Publish it without a delay/);
    await expect(delay.schedule(message('job-1'), new Date('soon'))).rejects.toThrow(/Give a Date/);
    await expect(delay.schedule(message('job-1'), new Date(8.64e15))).rejects.toThrow(/year 9999/);
    expect(scheduler.requests).toEqual([]);
  });

  test('whose ID is no name for a schedule gets a hash of it', async () => {
    for (const jobId of ['order/42', 'ü', 'x'.repeat(65)]) {
      await delay.schedule(message(jobId), in30Days);
      expect([...scheduler.schedules.keys()].at(-1)).toMatch(/^[0-9a-f]{64}$/);
      expect(await delay.cancel(jobId)).toBe(true);
    }
  });

  test('of a payload that looks like a placeholder of Scheduler’s publishes it as it was given', async () => {
    const payload = { text: 'at <aws.scheduler.scheduled-time>, \\<aws.scheduler.execution-id>' };
    await delay.schedule(message('job-1', payload), in30Days);
    expect(inputOf('job-1')).not.toContain('<aws.scheduler.');
    expect(JSON.parse(JSON.parse(inputOf('job-1')).Message)).toEqual(payload);
  });

  test('takes up to 256 KB of input, and says so before it asks', async () => {
    const tooLarge = delay.schedule(message('job-1', 'x'.repeat(262_144)), in30Days);
    await expect(tooLarge).rejects.toThrow(DelayTooLargeError);
    await expect(tooLarge).rejects.toThrow(/takes 262144/);
    expect(scheduler.requests).toEqual([]);
    await delay.schedule(message('job-1', 'x'.repeat(261_000)), in30Days);
  });
});

describe('the same job twice', () => {
  test('is one, where message and time are the same', async () => {
    const later: DelayedMessage = { ...message('job-1') };
    const publishedAt = { DataType: 'String', StringValue: '2026-11-21T08:00:05Z' };
    const retried = { ...later, attributes: { ...later.attributes, publishedAt } };
    const first = await delay.schedule(message('job-1'), in30Days);
    expect(await delay.schedule(retried, in30Days)).toEqual(first);
    expect(scheduler.schedules.size).toBe(1);
  });

  test('is an error that knows the other time, where the time or the payload differs', async () => {
    await delay.schedule(message('job-1'), in30Days);
    const otherTime = await delay.schedule(message('job-1'), new Date('2027-01-01')).catch((error) => error);
    expect(otherTime).toBeInstanceOf(AlreadyDelayedError);
    expect(otherTime.at).toEqual(new Date('2026-12-21T08:00:01Z'));
    expect(otherTime.message).toMatch(/reschedule/);
    const otherPayload = delay.schedule(message('job-1', { friendName: 'Ida' }), in30Days);
    await expect(otherPayload).rejects.toThrow(AlreadyDelayedError);
    expect(scheduler.schedules.get('job-1')?.ScheduleExpression).toBe('at(2026-12-21T08:00:01)');
  });

  test('is an error where Scheduler takes it neither way, such as while its group is being deleted', async () => {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      scheduler.failNext('ConflictException', 409);
      scheduler.failNext('ResourceNotFoundException', 404);
    }
    const refused = delay.schedule(message('job-1'), in30Days);
    await expect(refused).rejects.toMatchObject({ name: 'DelayFailedError', code: 'ConflictException' });
  });

  test('is scheduled anew, where the first was published just now', async () => {
    scheduler.failNext('ConflictException', 409);
    await delay.schedule(message('job-1'), in30Days);
    expect(scheduler.schedules.size).toBe(1);
  });
});

describe('cancel', () => {
  test('takes a job back that waits', async () => {
    await delay.schedule(message('job-1'), in30Days);
    expect(await delay.cancel('job-1')).toBe(true);
    expect(scheduler.schedules.size).toBe(0);
  });

  test('is false for one that was published, cancelled, or never delayed', async () => {
    await delay.schedule(message('job-1'), in30Days);
    scheduler.fire('job-1');
    expect(await delay.cancel('job-1')).toBe(false);
    await delay.schedule(message('job-2'), in30Days);
    await delay.cancel('job-2');
    expect(await delay.cancel('job-2')).toBe(false);
    expect(await delay.cancel('never')).toBe(false);
  });
});

describe('reschedule', () => {
  test('moves a job, and changes nothing else', async () => {
    await delay.schedule(message('job-1'), in30Days);
    const { ScheduleExpression: _, ClientToken: __, ...before } = scheduler.schedules.get('job-1') ?? {};
    expect(await delay.reschedule('job-1', new Date('2026-11-21T09:00:00Z'))).toBe(true);
    expect(scheduler.schedules.get('job-1')).toMatchObject({
      ...before,
      ScheduleExpression: 'at(2026-11-21T09:00:00)',
    });
  });

  test('is false for one that was published, or whose time has come', async () => {
    expect(await delay.reschedule('job-1', in30Days)).toBe(false);
    await delay.schedule(message('job-1'), new Date('2026-11-21T08:00:01Z'));
    const minuteLater = new Delay({
      topicArn,
      client: scheduler.client,
      now: () => now.getTime() + 60_000,
    });
    expect(await minuteLater.reschedule('job-1', in30Days)).toBe(false);
    expect(scheduler.schedules.get('job-1')?.ScheduleExpression).toBe('at(2026-11-21T08:00:01)');
  });

  test('goes ahead only', async () => {
    await delay.schedule(message('job-1'), in30Days);
    await expect(delay.reschedule('job-1', new Date('2020-01-01'))).rejects.toThrow(InvalidDelayError);
  });
});

describe('what Scheduler refuses', () => {
  test.each([
    ['AccessDeniedException', /grantDelay/],
    ['ServiceQuotaExceededException', /quota/],
    ['ValidationException', /Try again/],
  ])('%s is an error with its code, its cause and what to do', async (code, advice) => {
    scheduler.failNext(code, 403);
    const error = await delay.schedule(message('job-1'), in30Days).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DelayFailedError);
    expect(error).toMatchObject({ code, jobId: 'job-1', jobName: 'GreetingJob', cause: { name: code } });
    expect(error.message).toMatch(advice);
  });

  test('a platform that is not deployed is named, not taken for a missing job', async () => {
    const elsewhere = new Delay({ topicArn: `${topicArn}2`, client: scheduler.client });
    const error = await elsewhere
      .schedule(message('job-1'), new Date('2100-01-01'))
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'ResourceNotFoundException' });
    expect(error.message).toMatch(/Deploy the platform's stack/);
  });

  test('cancel and reschedule fail alike', async () => {
    scheduler.failNext('AccessDeniedException', 403);
    await expect(delay.cancel('job-1')).rejects.toThrow(DelayFailedError);
    scheduler.failNext('AccessDeniedException', 403);
    await expect(delay.reschedule('job-1', in30Days)).rejects.toThrow(DelayFailedError);
  });
});

test('needs the ARN of a topic', () => {
  expect(() => new Delay({ topicArn: 'jobs-dev' })).toThrow(/topicArn must be a topic's ARN/);
});
