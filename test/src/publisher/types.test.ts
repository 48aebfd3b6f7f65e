import { expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { type AnyJob, defineJob, InvalidPayloadError, type PayloadOf } from '../../../src/job/index.ts';
import { createPublisher, type Publisher, type PublishItem } from '../../../src/publisher/index.ts';
import { allSuccessful, snsOf, topicArn } from './snsOf.ts';

// Each @ts-expect-error is a test of the compiler: `npm run check` fails where the line below it compiles.

const GreetingJob = named(
  'GreetingJob',
  defineJob({ payload: z.object({ friendName: z.string() }), run() {} }),
);
const PushupsJob = named('PushupsJob', defineJob({ payload: z.object({ count: z.number() }), run() {} }));
const AnythingJob = named('AnythingJob', defineJob({ run() {} }));

interface TestJobs {
  GreetingJob: typeof GreetingJob;
  PushupsJob: typeof PushupsJob;
  AnythingJob: typeof AnythingJob;
}

const publisher: Publisher<TestJobs> = createPublisher<TestJobs>({
  topicArn,
  client: snsOf(allSuccessful).client,
});

test('a job object and a payload that do not fit are errors of the compiler and of the schema', async () => {
  // @ts-expect-error friendName is a text
  await expect(publisher.publish(GreetingJob, { friendName: 7 })).rejects.toThrow(InvalidPayloadError);
  // @ts-expect-error friendName is missing
  await expect(publisher.publish(GreetingJob, {})).rejects.toThrow(InvalidPayloadError);
  // @ts-expect-error that is another job's payload
  await expect(publisher.publish(PushupsJob, { friendName: 'Hank' })).rejects.toThrow(InvalidPayloadError);
});

test('a job may be published at once or later, and the compiler knows which', () => {
  const options = (): { delay: '1h' | undefined } => ({ delay: undefined });
  // Never called: only the compiler looks at it.
  const calls = async (): Promise<unknown> => [
    // @ts-expect-error later or at once: which `publish` is it?
    await publisher.publish(GreetingJob, { friendName: 'Hank' }, options()),
    // @ts-expect-error one of the two
    await publisher.publish(GreetingJob, { friendName: 'Hank' }, { delay: '1h', at: new Date() }),
    (await publisher.publish(GreetingJob, { friendName: 'Hank' }, { delay: '1h' })).at,
    // @ts-expect-error published by now
    (await publisher.publish(GreetingJob, { friendName: 'Hank' }, { group: 'a' })).at,
  ];
  expect(calls).toBeInstanceOf(Function);
});

test('a name that no job has is an error of the compiler; one that no job can have, of the publisher too', async () => {
  // @ts-expect-error there is no such job
  await expect(publisher.publish('no such job', {})).rejects.toThrow("'no such job' is no job's name");
});

test('publishAll takes items of different jobs, each with the payload that fits it', async () => {
  const results = await publisher.publishAll([
    { job: 'GreetingJob', payload: { friendName: 'Hank' }, jobId: 'a' },
    { job: 'PushupsJob', payload: { count: 3 } },
    { job: PushupsJob, payload: { count: 3 }, group: 'tenant' },
    { job: AnythingJob, payload: 'anything at all' },
    { job: 'AnythingJob', payload: [7] },
    // @ts-expect-error that is another job's payload
    { job: PushupsJob, payload: { friendName: 'Hank' } },
  ]);
  const published = Array(5).fill('published');
  expect(results.map(({ status }) => status)).toEqual([...published, 'failed']);
});

test('a job without a schema takes any payload, and lends that to no other job', async () => {
  const items: PublishItem<TestJobs>[] = [
    { job: AnythingJob, payload: 7 },
    { job: PushupsJob, payload: { count: 3 } },
    // @ts-expect-error that is another job's payload
    { job: PushupsJob, payload: { friendName: 'Hank' } },
  ];
  const results = await publisher.publishAll(items);
  expect(results.map(({ status }) => status)).toEqual(['published', 'published', 'failed']);

  // @ts-expect-error that is another job's payload
  const stream = publisher.publishStream([{ job: PushupsJob, payload: { friendName: 'Hank' } }]);
  expect((await stream.next()).value).toMatchObject({ status: 'failed' });
});

test('to one of several jobs goes a payload that fits each of them', async () => {
  const name = Math.random() < 2 ? 'GreetingJob' : 'PushupsJob';
  const job = Math.random() < 2 ? GreetingJob : PushupsJob;
  const published = [
    publisher.publish(name, { friendName: 'Hank', count: 3 }),
    publisher.publish(job, { friendName: 'Hank', count: 3 }),
    // @ts-expect-error count is missing, should it be PushupsJob
    publisher.publish(name, { friendName: 'Hank' }),
    // @ts-expect-error count is missing, should it be PushupsJob
    publisher.publish<'GreetingJob' | 'PushupsJob'>('GreetingJob', { friendName: 'Hank' }),
    // @ts-expect-error count is missing, should it be PushupsJob
    publisher.publish(job, { friendName: 'Hank' }),
    // @ts-expect-error count is missing, should it be PushupsJob
    publisher.publishAll([{ job: name, payload: { friendName: 'Hank' } }]),
  ];
  expect(await Promise.all(published)).toHaveLength(6);
});

test('a publisher can be typed against other jobs, or against none', async () => {
  const byDefault: Publisher = createPublisher({ topicArn, client: snsOf(allSuccessful).client });
  // @ts-expect-error src/jobs has no such job
  await expect(byDefault.publish('no such job', {})).rejects.toThrow("'no such job' is no job's name");

  const job = defineJob({ run() {} });
  const others = createPublisher<{ Other: typeof job }>({ topicArn, client: snsOf(allSuccessful).client });
  const payload: PayloadOf<typeof job> = { anything: 'at all' };
  expect(await others.publishAll([{ job: 'Other', payload }])).toMatchObject([{ status: 'published' }]);
  // @ts-expect-error GreetingJob is none of them
  expect(await others.publishAll([{ job: 'GreetingJob', payload }])).toHaveLength(1);
});

test('a misfit by name is an error of the compiler alone: there is no schema to ask', async () => {
  const published = [
    publisher.publish('GreetingJob', { friendName: 'Hank' }, { attributes: { a: 'b' } }),
    // @ts-expect-error friendName is a text
    publisher.publish('GreetingJob', { friendName: 7 }),
    // @ts-expect-error friendName is missing
    publisher.publish('GreetingJob', {}),
    // @ts-expect-error that is another job's payload
    publisher.publish('PushupsJob', { friendName: 'Hank' }),
    // @ts-expect-error no property of that name
    publisher.publish('GreetingJob', { friendName: 'Hank', age: 7 }),
    // @ts-expect-error there is no such job
    publisher.publish('GretingJob', { friendName: 'Hank' }),
  ];
  expect(await Promise.all(published)).toHaveLength(6);

  const results = await publisher.publishAll([
    // @ts-expect-error that is another job's payload
    { job: 'GreetingJob', payload: { count: 1 } },
    // @ts-expect-error there is no such job
    { job: 'GretingJob', payload: { friendName: 'Hank' } },
  ]);
  expect(results.map(({ status }) => status)).toEqual(['published', 'published']);

  // @ts-expect-error the payload is missing
  await expect(publisher.publish('GreetingJob')).rejects.toThrow('payload is undefined');
  // @ts-expect-error attributes are texts
  const numbered = publisher.publish('GreetingJob', { friendName: 'Hank' }, { attributes: { a: 1 } });
  await expect(numbered).rejects.toThrow("attribute 'a'");
});

test('a handle gives what the job’s run returns, by its name and by its object', async () => {
  const ReportJob = defineJob({ run: async () => ({ pages: 3 }) });
  const reports = createPublisher<{ ReportJob: typeof ReportJob }>({
    topicArn,
    client: snsOf(allSuccessful).client,
    apiUrl: 'https://jobs.example.com',
    fetch: async () => Response.json({ state: 'succeeded', result: { pages: 3 } }),
  });
  const published = await reports.publish('ReportJob', {});
  const texts: string[] = [published.jobId, published.messageId];
  const { pages }: { pages: number } = await published.result();
  // @ts-expect-error pages is a number
  const wrong: { pages: string } = await reports.handle('ReportJob', 'order-7').result();
  expect([pages, wrong, texts.length]).toEqual([3, { pages: 3 }, 2]);

  const ofObject: { pages: number } = await reports.handle(ReportJob, 'order-7').result();
  // @ts-expect-error there is no such job
  const ofNone = await reports.handle('RepotJob', 'order-7').result();
  expect([ofObject, ofNone]).toEqual([{ pages: 3 }, { pages: 3 }]);

  // @ts-expect-error a timeout is a duration
  await expect(published.result({ timeout: '5 minutes' })).rejects.toThrow(RangeError);
  const state: 'queued' | 'running' | 'retrying' | 'succeeded' | 'dead' | 'cancelled' | undefined = (
    await published.status()
  )?.state;
  expect(state).toBe('succeeded');
});

test('a delayed job has a time, one that is published at once a message', async () => {
  const published = await publisher.publish('GreetingJob', { friendName: 'Hank' }, { delay: '0s' });
  const at: Date = published.at;
  // @ts-expect-error a delayed job has no message before its time
  const messageId: string = published.messageId;
  const atOnce = await publisher.publish('GreetingJob', { friendName: 'Hank' }, { jobId: 'order-7' });
  // @ts-expect-error it has no other time
  expect([at, messageId, atOnce.at]).toEqual([expect.any(Date), expect.any(String), undefined]);

  const when = { delay: '10 minutes' } as const;
  // @ts-expect-error a delay is a duration
  await expect(publisher.publish('GreetingJob', { friendName: 'Hank' }, when)).rejects.toThrow('no duration');
  // @ts-expect-error friendName is a text, in a minute too
  const misfit = publisher.publish(GreetingJob, { friendName: 7 }, { delay: '1m' });
  await expect(misfit).rejects.toThrow(InvalidPayloadError);
});

/** A job with a name, as one that was read from its own file has. */
function named<J extends AnyJob>(name: string, job: J): J {
  return { ...job, name };
}
