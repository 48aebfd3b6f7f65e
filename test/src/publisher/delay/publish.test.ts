import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { AcceptedPublish } from '../../../../local/aws/engine/engine.ts';
import { InvalidPayloadError } from '../../../../src/job/index.ts';
import {
  AlreadyDelayedError,
  DelayFailedError,
  InvalidAttributeError,
  InvalidDelayError,
  type PublishItem,
  type When,
} from '../../../../src/publisher/index.ts';
import GreetingJob from '../../../jobs/GreetingJob.ts';
import { until } from '../../../local/aws/lambda/processes.ts';
import { day, minute } from '../../../local/aws/virtualClock.ts';
import type { TestJobs } from '../testJobs.ts';
import { type DelayPlatform, startDelayPlatform } from './platform.ts';

let platform: DelayPlatform;
beforeAll(async () => {
  platform = await startDelayPlatform('2026-11-21T08:00:00.250Z');
});
afterAll(() => platform.close());
afterEach(async () => {
  for (const { schedule } of platform.scheduler.schedules()) {
    platform.scheduler.delete(schedule.GroupName, schedule.Name);
  }
  platform.published.length = 0;
});

const hank = { friendName: 'Hank' };
const now = () => platform.time.clock.now();
const inMs = (ms: number) => new Date(now() + ms);
const attribute = (publish: AcceptedPublish | undefined, name: string) =>
  publish?.messageAttributes[name]?.StringValue;
const publishedIds = () => platform.published.map((publish) => attribute(publish, 'jobId')).sort();

describe('publish with a delay', () => {
  test('publishes when its time has come, with everything that a job published at once has', async () => {
    const publisher = platform.publisher();
    const given = new Date(now()).toISOString();
    const attributes = { traceparent: '00-abc' };
    const { jobId, at, messageId, result } = await publisher.publish('GreetingJob', hank, {
      delay: '10m',
      group: 'tenant-7',
      attributes,
    });
    expect(at).toEqual(new Date(Math.ceil((now() + 10 * minute) / 1000) * 1000));
    expect([messageId, typeof result]).toEqual([undefined, 'function']);
    expect(platform.inputOf(jobId).MessageGroupId).toBe('tenant-7');

    await platform.time.advance(10 * minute - 1000);
    expect(platform.published).toEqual([]);
    await platform.time.advance(2000);
    await until(() => platform.published.length === 1);
    const [publish] = platform.published;
    expect(publish).toMatchObject({ message: '{"friendName":"Hank"}', topicArn: platform.topicArn });
    const texts = ['jobName', 'jobId', 'publishedAt', 'traceparent'].map((name) => attribute(publish, name));
    expect(texts).toEqual(['GreetingJob', jobId, given, '00-abc']);
  });

  test.each([
    ['a Date', () => inMs(30 * day)],
    ['an ISO text', () => inMs(30 * day).toISOString()],
    [
      'an ISO text with an offset',
      () =>
        inMs(30 * day)
          .toISOString()
          .replace('Z', '+00:00'),
    ],
  ])('takes a time as %s, such as in 30 days', async (_, at) => {
    const { jobId } = await platform.publisher().publish('GreetingJob', hank, { at: at() });
    await platform.time.advance(30 * day - minute);
    expect(platform.published).toEqual([]);
    await platform.time.advance(2 * minute);
    await until(() => publishedIds().includes(jobId));
    await until(() => platform.scheduler.list().length === 0);
  });

  test('reads the offset of a time', async () => {
    const { at } = await platform
      .publisher()
      .publish('GreetingJob', hank, { at: '2030-12-24T18:00:00+01:00' });
    expect(at).toEqual(new Date('2030-12-24T17:00:00Z'));
  });

  test('of none publishes at once', async () => {
    const { jobId, messageId } = await platform.publisher().publish('GreetingJob', hank, { delay: '0s' });
    expect(platform.published).toMatchObject([{ messageId }]);
    expect(publishedIds()).toEqual([jobId]);
  });

  test.each<[string, When, RegExp]>([
    ['both', { delay: '10m', at: '2030-01-01T00:00:00Z' }, /delay and at both say when\. Give one of them/],
    [
      'no duration',
      { delay: '10 minutes' as '10m' },
      /its delay: '10 minutes' is no duration: write a number/,
    ],
    ['a negative delay', { delay: '-5m' }, /'-5m' is no duration/],
    [
      'a past time',
      { at: '2026-11-20T00:00:00Z' },
      /2026-11-20T00:00:00\.000Z, is past\. Publish it without/,
    ],
    [
      'a time without its zone',
      { at: '2030-12-24T18:00:00' },
      /no instant\. Give a Date, or an ISO text with Z/,
    ],
    ['no time', { at: 'tomorrow' }, /at is "tomorrow", which is no instant/],
    ['no date', { at: '2030-02-30T00:00:00Z' }, /which is no instant/],
    ['an invalid Date', { at: new Date('never') }, /not a date up to the year 9999/],
    ['a number', { at: 1_800_000_000_000 as unknown as Date }, /at is 1800000000000, which is no instant/],
    ['a time that AWS cannot say', { delay: '999999999d' }, /not a date up to the year 9999/],
  ])('refuses %s, and does nothing', async (_, when, problem) => {
    const options = { ...when, jobId: 'order-7' } as { delay: '10m'; jobId: string };
    const refused = platform.publisher().publish('GreetingJob', hank, options);
    await expect(refused).rejects.toThrow(InvalidDelayError);
    await expect(refused).rejects.toThrow(problem);
    await expect(refused).rejects.toMatchObject({ jobName: 'GreetingJob', jobId: 'order-7' });
    expect([platform.published, platform.scheduler.list()]).toEqual([[], []]);
  });

  test('validates the payload before it is scheduled', async () => {
    // @ts-expect-error friendName is a text
    const refused = platform.publisher().publish(GreetingJob, { friendName: 7 }, { delay: '10m' });
    await expect(refused).rejects.toThrow(InvalidPayloadError);
    expect(platform.scheduler.list()).toEqual([]);
  });

  test('leaves a payload as it is that looks like one of Scheduler’s keywords, and refuses such an attribute', async () => {
    const publisher = platform.publisher();
    const payload = { friendName: '<aws.scheduler.scheduled-time>' };
    await publisher.publish('GreetingJob', payload, { delay: '1m' });
    await platform.time.advance(2 * minute);
    await until(() => platform.published.length === 1);
    expect(JSON.parse(platform.published[0]?.message ?? '')).toEqual(payload);

    const attributes = { note: 'at <aws.scheduler.scheduled-time>' };
    const refused = publisher.publish('GreetingJob', hank, { delay: '1m', attributes });
    await expect(refused).rejects.toThrow(InvalidAttributeError);
    await expect(refused).rejects.toThrow(/'note' .* holds <aws\.scheduler\.…>, .*put it in the payload/);
  });

  test('schedules the same job once, and another under its ID not at all', async () => {
    const publisher = platform.publisher();
    const options = { at: inMs(day), jobId: 'order-7' };
    const first = await publisher.publish('GreetingJob', hank, options);
    await platform.time.advance(minute);
    const again = await publisher.publish('GreetingJob', hank, options);
    expect(again.at).toEqual(first.at);
    expect(platform.scheduler.list()).toHaveLength(1);
    const other = publisher.publish('GreetingJob', { friendName: 'Ida' }, options);
    await expect(other).rejects.toThrow(AlreadyDelayedError);
  });

  test('counted from now, leaves the same job at its first time when it is published again', async () => {
    const publisher = platform.publisher();
    const first = await publisher.publish('GreetingJob', hank, { delay: '1h', jobId: 'order-7' });
    await platform.time.advance(minute);
    const again = await publisher.publish('GreetingJob', hank, { delay: '1h', jobId: 'order-7' });
    expect(again.at).toEqual(first.at);
    const other = publisher.publish('GreetingJob', { friendName: 'Ida' }, { delay: '1h', jobId: 'order-7' });
    await expect(other).rejects.toThrow(AlreadyDelayedError);
  });

  test('says what EventBridge Scheduler refuses', async () => {
    const publisher = platform.publisher({ topicArn: `${platform.topicArn}2` });
    const refused = publisher.publish('GreetingJob', hank, { delay: '10m' });
    await expect(refused).rejects.toThrow(DelayFailedError);
    await expect(refused).rejects.toThrow(/Deploy the platform's stack/);
  });
});

describe('cancel', () => {
  test('takes a job back before it fires: it never comes', async () => {
    const publisher = platform.publisher();
    await publisher.publish('GreetingJob', hank, { delay: '30d', jobId: 'order-7' });
    await platform.time.advance(29 * day);
    expect(await publisher.cancel('order-7')).toBe(true);
    await platform.time.advance(2 * day);
    expect(platform.published).toEqual([]);
    expect(await publisher.cancel('order-7')).toBe(false);
  });

  test('is false after it has fired', async () => {
    const publisher = platform.publisher();
    await publisher.publish('GreetingJob', hank, { delay: '1h', jobId: 'order-7' });
    await platform.time.advance(61 * minute);
    await until(() => platform.scheduler.list().length === 0);
    expect(await publisher.cancel('order-7')).toBe(false);
    expect(publishedIds()).toEqual(['order-7']);
  });
});

describe('reschedule', () => {
  test('moves a job: it comes then, and only then', async () => {
    const publisher = platform.publisher();
    await publisher.publish('GreetingJob', hank, { delay: '1d', jobId: 'order/7' });
    expect(await publisher.reschedule('order/7', inMs(3 * day).toISOString())).toBe(true);
    await platform.time.advance(3 * day - minute);
    expect(platform.published).toEqual([]);
    await platform.time.advance(2 * minute);
    await until(() => platform.published.length === 1);
    expect(publishedIds()).toEqual(['order/7']);
    await until(() => platform.scheduler.list().length === 0);
    expect(await publisher.reschedule('order/7', inMs(day))).toBe(false);
  });

  test('goes ahead only, to an instant', async () => {
    const publisher = platform.publisher();
    await publisher.publish('GreetingJob', hank, { delay: '1d', jobId: 'order-7' });
    await expect(publisher.reschedule('order-7', inMs(-1))).rejects.toThrow(InvalidDelayError);
    await expect(publisher.reschedule('order-7', 'noon')).rejects.toThrow(/at is "noon"/);
  });
});

test('publishAll schedules what is delayed and publishes the rest, each with its result in its place', async () => {
  const delays = [undefined, '1h', '0s', '10 minutes', '2d'];
  const items: PublishItem<TestJobs>[] = Array.from({ length: 25 }, (_, index) => ({
    job: 'GreetingJob' as const,
    payload: hank,
    jobId: `id-${index}`,
    delay: delays[index % 5] as '1h',
  }));
  const results = await platform.publisher().publishAll(items);
  const statuses = ['published', 'delayed', 'published', 'failed', 'delayed'];
  expect(results.map(({ jobId, status }) => [jobId, status])).toEqual(
    items.map(({ jobId }, index) => [jobId, statuses[index % 5]]),
  );
  expect(results[1]).toMatchObject({ at: new Date(Math.ceil((now() + 60 * minute) / 1000) * 1000) });
  expect(results[3]).toMatchObject({ error: expect.any(InvalidDelayError) });
  expect(publishedIds()).toHaveLength(10);
  expect(platform.scheduler.list()).toHaveLength(10);
  await platform.time.advance(2 * day + minute);
  await until(() => publishedIds().length === 20);
});

test('a job that Scheduler refuses fails alone', async () => {
  const publisher = platform.publisher();
  await publisher.publish('GreetingJob', { friendName: 'Ida' }, { delay: '2d', jobId: 'taken' });
  const results = await publisher.publishAll([
    { job: 'GreetingJob', payload: hank, jobId: 'first' },
    { job: 'GreetingJob', payload: hank, jobId: 'taken', delay: '1d' },
    { job: 'GreetingJob', payload: hank, jobId: 'last', delay: '1d' },
  ]);
  expect(results.map(({ status }) => status)).toEqual(['published', 'failed', 'delayed']);
  expect(results[1]).toMatchObject({ jobId: 'taken', error: expect.any(AlreadyDelayedError) });
});
