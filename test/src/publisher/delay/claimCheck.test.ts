import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maxInputBytes } from '../../../../src/message/scheduledPublish.ts';
import { messageAttributes } from '../../../../src/publisher/attributes.ts';
import { longestOffloadedDelayMs, onceInput } from '../../../../src/publisher/delay/onceSchedule.ts';
import { MessageTooLargeError, PayloadNotStoredError } from '../../../../src/publisher/index.ts';
import { toMessage } from '../../../../src/publisher/message.ts';
import { until } from '../../../local/aws/lambda/processes.ts';
import { day, hour, minute } from '../../../local/aws/virtualClock.ts';
import { startBucket, type TestBucket } from '../../runtime/filesBucket.ts';
import { type DelayPlatform, startDelayPlatform } from './platform.ts';

let platform: DelayPlatform;
let bucket: TestBucket;
beforeAll(async () => {
  [platform, bucket] = await Promise.all([startDelayPlatform('2026-11-21T08:00:00Z'), startBucket()]);
});
afterAll(() => Promise.all([platform.close(), bucket.close()]));
afterEach(() => {
  bucket.requests.length = 0;
  platform.published.length = 0;
});

const withBucket = () => platform.publisher({ filesBucket: bucket.name, s3: bucket.config });
/** 120 KB as they are, twice that in the body, four times that in the schedule. */
const quotes = { friendName: '"'.repeat(120_000) };
const jobId = 'order-7';

test('a payload that SNS takes and Scheduler does not goes through S3, and its pointer comes in time', async () => {
  const publisher = withBucket();
  await publisher.publish('GreetingJob', quotes, { jobId: 'at-once' });
  expect(bucket.requests).toEqual([]);
  await publisher.publish('GreetingJob', quotes, { jobId, delay: '10d' });
  expect(bucket.requests).toEqual([
    expect.stringMatching(/^PUT .*payloads\/GreetingJob\/order-7-[0-9a-f]{16}\.json/),
  ]);

  await platform.time.advance(10 * day + minute);
  await until(() => platform.published.length === 2);
  const [{ s3BucketName, s3Key }] = JSON.parse(platform.published[1]?.message ?? '').slice(1);
  expect(s3BucketName).toBe(bucket.name);
  expect(JSON.parse((await bucket.get(s3Key)) ?? '')).toEqual(quotes);
});

test('without a bucket it is refused, with the bound and the option', async () => {
  const refused = platform.publisher().publish('GreetingJob', quotes, { jobId, delay: '10m' });
  await expect(refused).rejects.toThrow(MessageTooLargeError);
  await expect(refused).rejects.toThrow(
    /EventBridge Scheduler takes 262144, .* as JSON in JSON\. Give createPublisher a filesBucket/,
  );
  expect(platform.scheduler.list()).toEqual([]);
});

test('what cannot be stored is not scheduled', async () => {
  const publisher = platform.publisher({ filesBucket: 'no-such-bucket', s3: bucket.config });
  const failed = publisher.publish('GreetingJob', quotes, { jobId, delay: '10m' });
  await expect(failed).rejects.toThrow(PayloadNotStoredError);
  const [result] = await publisher.publishAll([{ job: 'GreetingJob', payload: quotes, delay: '10m' }]);
  expect(result).toMatchObject({ status: 'failed', error: expect.any(PayloadNotStoredError) });
  expect(platform.scheduler.list()).toEqual([]);
});

test('S3 must keep it until it has run: further ahead it is refused, and cannot be moved there', async () => {
  expect(longestOffloadedDelayMs).toBe(11 * day);
  const refused = withBucket().publish('GreetingJob', quotes, { jobId, delay: '12d' });
  await expect(refused).rejects.toThrow(MessageTooLargeError);
  await expect(refused).rejects.toThrow(/S3 keeps a payload long enough for a time up to 2026-12-\d\d/);
  expect(bucket.requests).toEqual([]);

  const publisher = withBucket();
  await publisher.publish('GreetingJob', quotes, { jobId, delay: '1d' });
  const now = platform.time.clock.now();
  expect(await publisher.reschedule(jobId, new Date(now + 11 * day))).toBe(true);
  const tooFar = publisher.reschedule(jobId, new Date(now + 11 * day + 1000));
  await expect(tooFar).rejects.toThrow(/its payload is in S3, .* Cancel it, and publish it anew/);
  await publisher.cancel(jobId);
});

test('another payload under its ID is refused, and leaves the first one’s as it is', async () => {
  const publisher = withBucket();
  const when = { jobId, at: new Date(platform.time.clock.now() + day) };
  await publisher.publish('GreetingJob', quotes, when);
  const other = { friendName: `${quotes.friendName}!` };
  await expect(publisher.publish('GreetingJob', other, when)).rejects.toThrow(
    /another job with that ID is scheduled/,
  );
  const [, { s3Key }] = JSON.parse(platform.inputOf(jobId).Message);
  expect(JSON.parse((await bucket.get(s3Key)) ?? '')).toEqual(quotes);
  await publisher.cancel(jobId);
});

test('one whose time comes while its payload is stored is published at once', async () => {
  const startedAt = platform.time.clock.now();
  const clock = {
    now: () => startedAt + bucket.requests.length * hour,
    sleep: async () => undefined,
    random: () => 0.5,
  };
  const publisher = platform.publisher({ filesBucket: bucket.name, s3: bucket.config }, clock);
  const { at, messageId } = await publisher.publish('GreetingJob', quotes, { jobId, delay: '30m' });
  expect(at).toEqual(new Date(startedAt + 30 * minute));
  expect(platform.published).toMatchObject([{ messageId }]);
  const [result] = await publisher.publishAll([{ job: 'GreetingJob', payload: quotes, jobId, delay: '30m' }]);
  expect(result?.status).toBe('published');
  expect(platform.scheduler.list()).toEqual([]);
});

test('the size that is checked is that of the input, to the byte, whatever is in it', async () => {
  const { topicArn } = platform;
  const publishedAt = '2026-11-21T08:00:00.000Z';
  const attributes = messageAttributes({ jobName: 'AnyJob', jobId, publishedAt });
  const inputBytes = (payload: string) =>
    Buffer.byteLength(onceInput(topicArn, { body: JSON.stringify(payload), attributes, group: undefined }));
  const character = fc.constantFrom('x', '"', '\\', 'ü', '😀', '\n', '\u0001');
  await fc.assert(
    fc.asyncProperty(fc.array(character, { minLength: 1, maxLength: 20 }), async (characters) => {
      const unit = characters.join('');
      const room = maxInputBytes - inputBytes('');
      const fits = unit.repeat(Math.floor(room / (inputBytes(unit) - inputBytes(''))));
      const padding = 'x'.repeat(maxInputBytes - inputBytes(fits));
      const make = (payload: string) =>
        toMessage({ job: 'AnyJob', payload, delay: '1h' }, jobId, publishedAt, { topicArn });
      expect(await make(fits + padding)).toMatchObject({ bytes: maxInputBytes });
      await expect(make(`${fits}${padding}x`)).rejects.toMatchObject({ bytes: maxInputBytes + 1 });
    }),
    { numRuns: 20 },
  );
});
