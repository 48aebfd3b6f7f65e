import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { InvalidPayloadError } from '../../../src/job/index.ts';
import {
  createPublisher,
  InvalidJobNameError,
  MessageTooLargeError,
  PublishFailedError,
  type PublishItem,
} from '../../../src/publisher/index.ts';
import GreetingJob from '../../jobs/GreetingJob.ts';
import { allSuccessful, snsOf, stillClock, topicArn } from './snsOf.ts';
import type { TestJobs } from './testJobs.ts';
import { startTopic, type TestTopic } from './topic.ts';

type Item = PublishItem<TestJobs>;

const greetings = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({
    job: 'GreetingJob' as const,
    payload: { friendName: `Hank ${index}` },
    jobId: `id-${index}`,
  }));

describe('through a real topic', () => {
  let topic: TestTopic;
  beforeAll(async () => {
    topic = await startTopic();
  });
  afterAll(() => topic.close());

  test('gives a result for each item, in their order, and each message arrives once', async () => {
    const progress: unknown[] = [];
    const results = await createPublisher<TestJobs>({
      topicArn: topic.topicArn,
      client: topic.sns,
    }).publishAll(greetings(123), {
      onProgress: (now) => progress.push(now),
    });
    expect(results.map(({ status, jobId }) => [status, jobId])).toEqual(
      greetings(123).map(({ jobId }) => ['published', jobId]),
    );

    const arrived = new Map((await topic.receive(123)).map((envelope) => [envelope.MessageId, envelope]));
    results.forEach((result, index) => {
      const envelope = arrived.get(result.status === 'published' ? result.messageId : '');
      expect(envelope?.Message).toBe(`{"friendName":"Hank ${index}"}`);
      expect(envelope?.MessageAttributes.jobId?.Value).toBe(`id-${index}`);
    });
    expect(progress.at(-1)).toEqual({ done: 123, total: 123 });
  });

  test('makes an ID for each item, in the order of the items', async () => {
    const publisher = createPublisher<TestJobs>({ topicArn: topic.topicArn, client: topic.sns });
    const ids = (await publisher.publishAll(greetings(30).map(({ jobId: _, ...item }) => item as Item))).map(
      ({ jobId }) => jobId,
    );
    expect(new Set(ids).size).toBe(30);
    expect([...ids].sort()).toEqual(ids);
    await topic.receive(30);
  });

  test('fails one bad item alone, with its typed error', async () => {
    const items = greetings(12);
    items[3] = { job: GreetingJob, payload: { friendName: 7 } as never, jobId: 'misfit' };
    items[4] = { job: 'no name' as 'GreetingJob', payload: { friendName: '' } };
    items[5] = { job: 'GreetingJob', payload: { friendName: 'x'.repeat(262_144) } };
    items[6] = null as never;
    const results = await createPublisher<TestJobs>({
      topicArn: topic.topicArn,
      client: topic.sns,
    }).publishAll(items);

    const errors = results.map((result) => (result.status === 'failed' ? result.error : undefined));
    expect(errors[3]).toBeInstanceOf(InvalidPayloadError);
    expect(results[3]).toMatchObject({ jobId: 'misfit' });
    expect(errors[4]).toBeInstanceOf(InvalidJobNameError);
    expect(errors[5]).toBeInstanceOf(MessageTooLargeError);
    expect(errors[6]).toBeInstanceOf(Error);
    expect(errors.filter((error) => error === undefined)).toHaveLength(8);
    expect(await topic.receive(8)).toHaveLength(8);
  });

  test('spreads an error of the whole call to its items', async () => {
    const publisher = createPublisher<TestJobs>({ topicArn: `${topic.topicArn}-missing`, client: topic.sns });
    const results = await publisher.publishAll(greetings(11));
    expect(results.map(({ status }) => status)).toEqual(Array(11).fill('failed'));
    const [first] = results;
    expect(first?.status === 'failed' && first.error).toBeInstanceOf(PublishFailedError);
    expect(first?.status === 'failed' && first.error.cause).toBeInstanceOf(Error);
  });

  test('publishes nothing when there is nothing', async () => {
    expect(await createPublisher({ topicArn: topic.topicArn, client: topic.sns }).publishAll([])).toEqual([]);
  });
});

test('the group travels as MessageGroupId, the time is the clock’s', async () => {
  const { client, calls } = snsOf(allSuccessful);
  const publisher = createPublisher<TestJobs>({ topicArn, client }, stillClock());
  await publisher.publishAll([{ job: 'GreetingJob', payload: { friendName: 'Hank' }, group: 'tenant-1' }]);
  expect(calls[0]?.PublishBatchRequestEntries?.[0]).toMatchObject({
    MessageGroupId: 'tenant-1',
    MessageAttributes: { publishedAt: { StringValue: '2026-11-21T00:00:00.000Z' } },
  });
});

test('batches stay within 262,144 bytes', async () => {
  const { client, calls } = snsOf(allSuccessful);
  const items = greetings(9).map(
    (item) => ({ ...item, payload: { friendName: 'x'.repeat(100_000) } }) as Item,
  );
  const results = await createPublisher<TestJobs>({ topicArn, client }).publishAll(items);
  expect(results.every(({ status }) => status === 'published')).toBe(true);
  expect(calls.map((call) => call.PublishBatchRequestEntries?.length)).toEqual([2, 2, 2, 2, 1]);
});

test.each(['job', 'payload', 'jobId', 'attributes', 'delay'])(
  'an item whose %s cannot be read fails alone',
  async (part) => {
    const { client } = snsOf(allSuccessful);
    const [first, second, last] = greetings(3) as [Item, Item, Item];
    const cause = new Error('no');
    const unreadable = Object.defineProperty({ ...second }, part, {
      get() {
        throw cause;
      },
    });
    const results = await createPublisher<TestJobs>({ topicArn, client }).publishAll([
      first,
      unreadable,
      last,
    ]);
    expect(results.map(({ status }) => status)).toEqual(['published', 'failed', 'published']);
    expect(results[1]).toMatchObject({ jobId: expect.any(String), error: { name: 'PublishError', cause } });
  },
);

describe('a stream', () => {
  test('takes its items as they are needed, and no faster', async () => {
    const { client } = snsOf(allSuccessful);
    let taken = 0;
    function* endless(): Generator<Item> {
      for (;;) {
        taken += 1;
        yield { job: 'GreetingJob', payload: { friendName: `Hank ${taken}` } };
      }
    }
    let received = 0;
    for await (const result of createPublisher<TestJobs>({ topicArn, client }).publishStream(endless())) {
      expect(result.status === 'published' && result.messageId).toBe(
        `of {"friendName":"Hank ${received + 1}"}`,
      );
      received += 1;
      expect(taken - received).toBeLessThanOrEqual(50);
      if (received === 1000) break;
    }
    expect(received).toBe(1000);
  });

  test('whose source fails still gives the results of what was taken, then the error', async () => {
    const { client } = snsOf(allSuccessful);
    async function* failing(): AsyncGenerator<Item> {
      yield* greetings(15);
      throw new Error('the disk is gone');
    }
    const results: string[] = [];
    const reading = (async () => {
      for await (const { jobId } of createPublisher<TestJobs>({ topicArn, client }).publishStream(failing()))
        results.push(jobId);
    })();
    await expect(reading).rejects.toThrow('the disk is gone');
    expect(results).toEqual(greetings(15).map(({ jobId }) => jobId));
  });
});
