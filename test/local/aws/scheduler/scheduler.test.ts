import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AcceptedPublish, type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { scheduleFrom } from '../../../../local/aws/scheduler/schedule.ts';
import { type Scheduler, startScheduler } from '../../../../local/aws/scheduler/scheduler.ts';
import type { ScheduleFiring } from '../../../../local/aws/scheduler/scheduleView.ts';
import { until } from '../lambda/processes.ts';
import { day, hour, minute, virtualClock } from '../virtualClock.ts';

let engine: Engine;
let time: ReturnType<typeof virtualClock>;
let scheduler: Scheduler;
let random: number;
let published: AcceptedPublish[];
let firings: ScheduleFiring[];
let warnings: string[];
/** How often a topic was called, counted as the call begins. */
let calls: number;

beforeAll(async () => {
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  engine.onPublish((publish) => published.push(publish));
  await engine.sns('CreateTopic', { Name: 'jobs' });
});
afterAll(() => engine.stop());
beforeEach(() => start());
afterEach(() => scheduler.stop());

function start({ at = '2026-03-01T08:00:00Z', speed = 1, on = engine } = {}) {
  time = virtualClock(at);
  published = [];
  firings = [];
  warnings = [];
  random = 0;
  calls = 0;
  scheduler = startScheduler({
    engine: {
      ...on,
      speed,
      sns: (action, input) => {
        calls += 1;
        return on.sns(action, input);
      },
    },
    clock: time.clock,
    random: () => random,
    onFiring: (firing) => firings.push(firing),
    onWarning: (text) => warnings.push(text),
  });
}

const input = (more: object = {}) =>
  JSON.stringify({
    TopicArn: engine.topicArn('jobs'),
    Message: '{}',
    MessageAttributes: {
      jobName: { DataType: 'String', StringValue: 'ReportJob' },
      jobId: { DataType: 'String', StringValue: 'nightly-<aws.scheduler.scheduled-time>' },
    },
    ...more,
  });

function schedule(ScheduleExpression: string, more: Record<string, unknown> = {}) {
  const { Target = {}, ...rest } = more;
  return scheduleFrom({
    Name: 'nightly',
    ScheduleExpression,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: 'arn:aws:scheduler:::aws-sdk:sns:publish',
      RoleArn: 'arn:aws:iam::000000000000:role/sched',
      Input: input(),
      ...(Target as object),
    },
    ...rest,
  });
}

/** What the published messages' jobId says after the schedule's name; in that order, since calls may overtake. */
const times = () =>
  published.map(({ messageAttributes: { jobId } }) => jobId?.StringValue?.replace('nightly-', '')).sort();
const nextTimes = () =>
  scheduler
    .list()
    .flatMap(({ nextFirings }) => nextFirings.map(({ scheduledAt }) => scheduledAt.toISOString()));
const arrived = (count: number) => until(() => firings.filter(({ state }) => state).length >= count);

async function queueOf(name: string): Promise<{ arn: string; receive(): Promise<Message[]> }> {
  await engine.sqs('CreateQueue', { QueueName: name });
  const receive = async () => {
    const { Messages = [] } = await engine.sqs('ReceiveMessage', {
      QueueUrl: engine.queueUrl(name),
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    });
    return Messages;
  };
  return { arn: engine.queueArn(name), receive };
}

interface Message {
  Body: string;
  MessageAttributes: Record<string, { StringValue: string }>;
}

describe('a schedule that happens once', () => {
  test('publishes what its Input says at its time, 30 days ahead, and is gone', async () => {
    scheduler.create(schedule('at(2026-03-31T08:00:00)', { ActionAfterCompletion: 'DELETE' }));
    await time.advance(30 * day - 1);
    expect(calls).toBe(0);
    expect(scheduler.list()).toHaveLength(1);
    await time.advance(1);
    await arrived(1);
    expect(published).toMatchObject([
      {
        topicArn: engine.topicArn('jobs'),
        message: '{}',
        messageAttributes: {
          jobName: { DataType: 'String', StringValue: 'ReportJob' },
          jobId: { DataType: 'String', StringValue: 'nightly-2026-03-31T08:00:00Z' },
        },
      },
    ]);
    expect(firings).toMatchObject([{ name: 'nightly', target: { Input: input() }, state: 'delivered' }]);
    await until(() => scheduler.list().length === 0);
    expect(time.waiting).toBe(0);
  });

  test('comes after a year, also when the machine slept', async () => {
    scheduler.create(schedule('at(2027-03-01T08:00:00)'));
    time.jump(400 * day);
    await time.advance(minute);
    await arrived(1);
    expect(times()).toEqual(['2027-03-01T08:00:00Z']);
  });

  test('is meant in its time zone', async () => {
    scheduler.create(schedule('at(2026-03-01T09:30:00)', { ScheduleExpressionTimezone: 'Europe/Berlin' }));
    await time.advance(30 * minute);
    await arrived(1);
    expect(times()).toEqual(['2026-03-01T08:30:00Z']);
  });

  test('does not come when it was cancelled before', async () => {
    scheduler.create(schedule('at(2026-03-01T09:00:00)'));
    scheduler.delete('default', 'nightly');
    expect(time.waiting).toBe(0);
    await time.advance(2 * hour);
    expect(calls).toBe(0);
  });

  test('cannot be cancelled any more once it has come and is deleted', async () => {
    scheduler.create(schedule('at(2026-03-01T09:00:00)', { ActionAfterCompletion: 'DELETE' }));
    await time.advance(hour);
    await until(() => scheduler.list().length === 0);
    expect(() => scheduler.delete('default', 'nightly')).toThrow(
      expect.objectContaining({ code: 'ResourceNotFoundException', status: 404 }),
    );
  });

  test('stays, and comes no more, where it is not to be deleted', async () => {
    scheduler.create(schedule('at(2026-03-01T09:00:00)'));
    await time.advance(2 * hour);
    await arrived(1);
    scheduler.update(schedule('at(2026-03-01T09:00:00)', { Description: 'changed' }));
    await time.advance(day);
    expect(scheduler.list()).toMatchObject([{ nextFirings: [], lastFiring: { state: 'delivered' } }]);
    expect(calls).toBe(1);
  });

  test('comes at once when its time is past', async () => {
    scheduler.create(schedule('at(2020-01-01T00:00:00)'));
    await time.advance(1);
    await arrived(1);
    expect(times()).toEqual(['2020-01-01T00:00:00Z']);
  });

  test('comes when it is resumed, if its time passed while it was disabled', async () => {
    const once = 'at(2026-03-01T09:00:00)';
    scheduler.create(schedule(once));
    scheduler.update(schedule(once, { State: 'DISABLED' }));
    await time.advance(2 * hour);
    expect(calls).toBe(0);
    scheduler.update(schedule(once));
    await time.advance(1);
    await arrived(1);
  });

  test('takes another time, sooner or later', async () => {
    scheduler.create(schedule('at(2026-03-01T09:00:00)'));
    scheduler.update(schedule('at(2026-03-01T10:00:00)'));
    await time.advance(hour);
    expect(calls).toBe(0);
    await time.advance(hour);
    await arrived(1);
    expect(times()).toEqual(['2026-03-01T10:00:00Z']);
  });

  test('comes at speed 30 a thirtieth of the time after it was made', async () => {
    start({ speed: 30 });
    await time.advance(10 * minute);
    scheduler.create(schedule('at(2026-03-01T08:12:00)')); // in two minutes
    await time.advance(4_000 - 1);
    expect(calls).toBe(0);
    await time.advance(1);
    await arrived(1);
    expect(times()).toEqual(['2026-03-01T08:12:00Z']);
  });
});

describe('a schedule that recurs', () => {
  test('at a rate begins at once and goes on', async () => {
    scheduler.create(schedule('rate(5 minutes)'));
    await time.advance(11 * minute);
    await arrived(3);
    expect(times()).toEqual(['2026-03-01T08:00:00Z', '2026-03-01T08:05:00Z', '2026-03-01T08:10:00Z']);
  });

  test('runs at speed 30 on a time that is thirty times as fast since the platform started', async () => {
    start({ speed: 30 });
    await time.advance(2 * minute); // an hour of its time
    scheduler.create(schedule('rate(5 minutes)'));
    await time.advance(20_000);
    await arrived(3);
    expect(times()).toEqual(['2026-03-01T09:00:00Z', '2026-03-01T09:05:00Z', '2026-03-01T09:10:00Z']);
    const [next] = scheduler.list()[0]?.nextFirings ?? [];
    expect(next?.scheduledAt.toISOString()).toBe('2026-03-01T09:15:00.000Z');
    expect(next?.at.toISOString()).toBe('2026-03-01T08:02:30.000Z');
  });

  test('leaves out the hour that clocks skip, and fires once in the one they repeat', async () => {
    const cron = 'cron(30 2 * * ? *)';
    const berlin = { ScheduleExpressionTimezone: 'Europe/Berlin' };
    start({ at: '2026-03-27T12:00:00Z' });
    scheduler.create(schedule(cron, berlin));
    await time.advance(3 * day);
    await arrived(2);
    expect(times()).toEqual(['2026-03-28T01:30:00Z', '2026-03-30T00:30:00Z']); // 02:30 of the 29th does not exist
    await scheduler.stop();
    start({ at: '2026-10-24T12:00:00Z' });
    scheduler.create(schedule(cron, berlin));
    await time.advance(2 * day);
    await arrived(2);
    expect(times()).toEqual(['2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']);
  });

  test('keeps to its start and end', async () => {
    scheduler.create(
      schedule('cron(0 * * * ? *)', {
        StartDate: '2026-03-01T10:00:00Z',
        EndDate: '2026-03-01T12:00:00Z',
        ActionAfterCompletion: 'DELETE',
      }),
    );
    await time.advance(day);
    await arrived(3);
    expect(times()).toEqual(['2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z', '2026-03-01T12:00:00Z']);
    await until(() => scheduler.list().length === 0);
  });

  test('fires not while it is disabled, and does not make up for that', async () => {
    const hourly = 'cron(0 * * * ? *)';
    scheduler.create(schedule(hourly, { State: 'DISABLED' }));
    await time.advance(61 * minute);
    expect(scheduler.list()).toMatchObject([{ state: 'DISABLED', nextFirings: [] }]);
    scheduler.update(schedule(hourly));
    expect(nextTimes()[0]).toBe('2026-03-01T10:00:00.000Z');
    await time.advance(minute);
    expect(warnings).toEqual([]);
    expect(calls).toBe(0);
  });

  test('keeps its rhythm when only what it publishes changes, and takes another rhythm', async () => {
    scheduler.create(schedule('rate(10 minutes)'));
    await time.advance(4 * minute);
    await arrived(1);
    scheduler.update(schedule('rate(10 minutes)', { Target: { Input: input({ Message: '"new"' }) } }));
    expect(nextTimes()[0]).toBe('2026-03-01T08:10:00.000Z');
    await time.advance(6 * minute);
    await arrived(2);
    expect(published.map(({ message }) => message)).toEqual(['{}', '"new"']);
    scheduler.update(schedule('cron(0 12 * * ? *)'));
    expect(nextTimes()[0]).toBe('2026-03-01T12:00:00.000Z');
  });

  test('comes somewhere in its flexible window', async () => {
    random = 0.5;
    scheduler.create(
      schedule('cron(0 9 * * ? *)', {
        FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 30 },
      }),
    );
    await time.advance(75 * minute - 1);
    expect(calls).toBe(0);
    await time.advance(1);
    await arrived(1);
    expect(times()).toEqual(['2026-03-01T09:00:00Z']);
  });

  test('does not pour out a night that the machine slept, and says so', async () => {
    scheduler.create(schedule('cron(* * * * ? *)'));
    await time.advance(1);
    await arrived(1);
    time.jump(8 * hour);
    await time.advance(minute);
    await until(() => times().at(-1) === '2026-03-01T16:01:00Z');
    expect(published.length).toBeLessThan(10);
    expect(warnings).toEqual([expect.stringMatching(/^Schedule default\/nightly leaves out what it missed/)]);
  });
});

describe('a target that fails', () => {
  const target = (topic: string, more = {}) => ({
    Target: { Input: input({ TopicArn: engine.topicArn(topic) }), ...more },
  });

  /** Time stands still while the target is called. */
  const retriesEnd = () =>
    until(async () => {
      if (time.waiting > 0) await time.advance(500);
      return firings.at(-1)?.state === 'dead';
    });

  test('is called again until it takes the call', async () => {
    scheduler.create(schedule('at(2026-03-01T08:00:00)', target('late')));
    await time.advance(1);
    await until(() => firings.at(-1)?.state === 'retrying');
    expect(warnings).toEqual([
      expect.stringMatching(/could not reach .*:late and tries again: .*does not exist/),
    ]);
    await engine.sns('CreateTopic', { Name: 'late' });
    await time.advance(1_000);
    await until(() => firings.at(-1)?.state === 'delivered');
    expect(times()).toEqual(['2026-03-01T08:00:00Z']);
  });

  test('ends in the dead-letter queue after its retries, with what Scheduler says there', async () => {
    const { arn, receive } = await queueOf('undelivered');
    const DeadLetterConfig = { Arn: arn };
    const RetryPolicy = { MaximumRetryAttempts: 2 };
    const failing = target('nowhere', { DeadLetterConfig, RetryPolicy });
    scheduler.create(schedule('at(2026-03-01T08:00:00)', { ...failing, ActionAfterCompletion: 'DELETE' }));
    await retriesEnd();
    const [message, ...others] = await receive();
    expect(others).toEqual([]);
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({
      TopicArn: engine.topicArn('nowhere'),
      MessageAttributes: { jobId: { StringValue: 'nightly-2026-03-01T08:00:00Z' } },
    });
    const attributes = Object.entries(message?.MessageAttributes ?? {});
    expect(Object.fromEntries(attributes.map(([name, { StringValue }]) => [name, StringValue]))).toEqual({
      ERROR_CODE: 'NotFound',
      ERROR_MESSAGE: expect.stringContaining('Topic does not exist'),
      EXECUTION_ID: expect.stringMatching(/^[0-9a-f]{16}$/),
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      IS_PAYLOAD_TRUNCATED: 'false',
      RETRY_ATTEMPTS: '2',
      SCHEDULED_TIME: '2026-03-01T08:00:00Z',
      SCHEDULE_ARN: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly',
      TARGET_ARN: 'arn:aws:scheduler:::aws-sdk:sns:publish',
    });
    await until(() => scheduler.list().length === 0);
  });

  test('ends there when the event is too old, and at once when trying again cannot help', async () => {
    const { arn, receive } = await queueOf('dead');
    const RetryPolicy = { MaximumEventAgeInSeconds: 60 };
    const old = target('nowhere', { DeadLetterConfig: { Arn: arn }, RetryPolicy });
    scheduler.create(schedule('at(2026-03-01T08:00:00)', old));
    await retriesEnd();
    expect(time.clock.now()).toBeLessThan(Date.parse('2026-03-01T08:01:30Z'));
    const wrong = { Input: input({ Message: '' }) };
    scheduler.create({
      ...schedule('at(2026-03-01T08:00:00)', { Target: { ...wrong, DeadLetterConfig: { Arn: arn } } }),
      Name: 'wrong',
    });
    await time.advance(1);
    await until(() => firings.at(-1)?.name === 'wrong');
    const conditions = (await receive()).map(({ MessageAttributes }) => [
      MessageAttributes.EXHAUSTED_RETRY_CONDITION?.StringValue,
      MessageAttributes.RETRY_ATTEMPTS?.StringValue,
    ]);
    expect(conditions).toEqual([
      ['MaximumEventAgeInSeconds', '5'],
      [undefined, '0'],
    ]);
  });

  test('may have taken the call all the same: the second message carries the same jobId', async () => {
    let isFirst = true;
    const sns: Engine['sns'] = async (action, asked) => {
      const answer = await engine.sns(action, asked);
      const isLost = isFirst;
      isFirst = false;
      if (isLost) throw new Error('The answer was lost');
      return answer as never;
    };
    await scheduler.stop();
    start({ on: { ...engine, sns } });
    scheduler.create(schedule('at(2026-03-01T08:00:00)'));
    await time.advance(1);
    await until(() => firings.at(-1)?.state === 'retrying');
    await time.advance(1_000);
    await until(() => firings.at(-1)?.state === 'delivered');
    expect(times()).toEqual(['2026-03-01T08:00:00Z', '2026-03-01T08:00:00Z']);
  });

  test('is not called again once the schedule is deleted', async () => {
    scheduler.create(schedule('at(2026-03-01T08:00:00)', target('nowhere')));
    await time.advance(1);
    await until(() => firings.at(-1)?.state === 'retrying');
    scheduler.delete('default', 'nightly');
    await until(() => firings.at(-1)?.state === 'cancelled');
    expect(time.waiting).toBe(0);
  });
});

test('every context attribute is replaced in the Input', async () => {
  const Message =
    '<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time> <aws.scheduler.attempt-number> <aws.scheduler.other>';
  scheduler.create(
    schedule('at(2026-03-01T08:00:00)', {
      Target: { Input: input({ Message, Subject: '<aws.scheduler.execution-id>' }) },
    }),
  );
  await time.advance(1);
  await arrived(1);
  expect(published[0]?.message).toBe(
    'arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly 2026-03-01T08:00:00Z 1 <aws.scheduler.other>',
  );
  expect(published[0]?.subject).toMatch(/^[0-9a-f]{16}$/);
});

test('queues are targets too, by universal call and by their ARN', async () => {
  const { arn, receive } = await queueOf('direct');
  const Target = {
    Arn: 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage',
    Input: JSON.stringify({ QueueUrl: engine.queueUrl('direct'), MessageBody: 'universal' }),
  };
  scheduler.create(schedule('at(2026-03-01T08:00:00)', { Target }));
  scheduler.create({
    ...schedule('at(2026-03-01T08:00:00)', { Target: { Arn: arn, Input: undefined } }),
    Name: 'plain',
  });
  await time.advance(1);
  await arrived(2);
  const bodies = (await receive()).map(({ Body }) => Body).sort();
  expect(bodies[0]).toBe('universal');
  expect(JSON.parse(bodies[1] ?? '')).toMatchObject({
    'detail-type': 'Scheduled Event',
    resources: ['arn:aws:scheduler:us-east-1:000000000000:schedule/default/plain'],
    time: '2026-03-01T08:00:00Z',
  });
});

test('a stopped scheduler leaves no timer and calls nobody', async () => {
  scheduler.create(schedule('rate(1 minute)'));
  scheduler.create({ ...schedule('at(2027-01-01T00:00:00)'), Name: 'later' });
  await scheduler.stop();
  expect(time.waiting).toBe(0);
  await time.advance(day);
  expect(calls).toBe(0);
});
