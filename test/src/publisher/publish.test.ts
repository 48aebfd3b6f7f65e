import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { defineJob, InvalidPayloadError, type Job, type JobContext } from '../../../src/job/index.ts';
import {
  createPublisher,
  InvalidJobNameError,
  PublishError,
  PublishFailedError,
  UnnamedJobError,
} from '../../../src/publisher/index.ts';
import GreetingJob from '../../jobs/GreetingJob.ts';
import type { TestJobs } from './testJobs.ts';
import { startTopic, type TestTopic } from './topic.ts';

let topic: TestTopic;
beforeAll(async () => {
  topic = await startTopic();
});
afterAll(() => topic.close());

const publisher = () => createPublisher<TestJobs>({ topicArn: topic.topicArn, client: topic.sns });

describe('a job published by name', () => {
  test('arrives as JSON with its name, ID and time as String attributes', async () => {
    const before = Date.now();
    const { jobId, messageId } = await publisher().publish('GreetingJob', { friendName: 'Hank' });
    const [envelope] = await topic.receive(1);

    expect(envelope).toMatchObject({
      MessageId: messageId,
      Message: '{"friendName":"Hank"}',
      MessageAttributes: {
        jobName: { Type: 'String', Value: 'GreetingJob' },
        jobId: { Type: 'String', Value: jobId },
        publishedAt: { Type: 'String' },
      },
    });
    expect(Object.keys(envelope?.MessageAttributes ?? {})).toHaveLength(3);
    expect(jobId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const publishedAt = envelope?.MessageAttributes.publishedAt?.Value ?? '';
    expect(new Date(publishedAt).toISOString()).toBe(publishedAt);
    expect(Date.parse(publishedAt)).toBeGreaterThanOrEqual(before);
  });

  test('carries the ID, the trace and the attributes it was given', async () => {
    const attributes = {
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      tenant: 'Ærø',
    };
    const { jobId } = await publisher().publish(
      'GreetingJob',
      { friendName: 'Hank' },
      { jobId: 'order-7', group: 'tenant-1', attributes },
    );
    const [envelope] = await topic.receive(1);

    expect(jobId).toBe('order-7');
    expect(envelope?.MessageAttributes).toMatchObject({
      jobId: { Type: 'String', Value: 'order-7' },
      traceparent: { Type: 'String', Value: attributes.traceparent },
      tenant: { Type: 'String', Value: 'Ærø' },
    });
  });

  test('may have the same ID twice', async () => {
    const publish = () => publisher().publish('GreetingJob', { friendName: 'Hank' }, { jobId: 'twice' });
    await publish();
    await publish();
    const ids = (await topic.receive(2)).map(({ MessageAttributes }) => MessageAttributes.jobId?.Value);
    expect(ids).toEqual(['twice', 'twice']);
  });

  test('carries any text unharmed: noncharacters, lone surrogates, control characters, __proto__', async () => {
    const friendName = 'a\uFFFEb\uFFFFc\uD800d\u0000e\u2028f😀';
    const payload = JSON.parse(`{"__proto__":{"x":1},"friendName":${JSON.stringify(friendName)}}`);
    await publisher().publish('GreetingJob', payload);
    const [envelope] = await topic.receive(1);

    expect(envelope?.Message).not.toMatch(/[\uFFFE\uFFFF]|\p{Surrogate}/u);
    const arrived = JSON.parse(envelope?.Message ?? '');
    expect(arrived.friendName).toBe(friendName);
    expect(Object.keys(arrived)).toEqual(['__proto__', 'friendName']);
  });

  test.each(['', 'two words', '1st', 'a'.repeat(65), 'Unrouted', 'X-dead-letters'])(
    'is refused when no job can have the name %j',
    async (name) => {
      const publishing = publisher().publish(name as 'GreetingJob', { friendName: 'Hank' });
      await expect(publishing).rejects.toThrow(InvalidJobNameError);
      await expect(publishing).rejects.toMatchObject({ jobName: name });
    },
  );
});

describe('a job published by its object', () => {
  test('knows its name from its file', async () => {
    await publisher().publish(GreetingJob, { friendName: 'Hank' });
    const [envelope] = await topic.receive(1);
    expect(envelope?.MessageAttributes.jobName?.Value).toBe('GreetingJob');
  });

  test('is refused when its payload does not fit, with the path of what does not', async () => {
    const publishing = publisher().publish(GreetingJob, { friendName: 7 } as never);
    await expect(publishing).rejects.toThrow(InvalidPayloadError);
    await expect(publishing).rejects.toMatchObject({ issues: [{ path: ['friendName'] }] });
  });

  test('is refused when it does not know its name', async () => {
    const unnamed = defineJob({ payload: z.object({}), run() {} });
    await expect(publisher().publish(unnamed, {})).rejects.toThrow(UnnamedJobError);
    await expect(publisher().publish(unnamed, {})).rejects.toThrow(/Publish by name/);
  });

  test('sends the payload as given, not what its schema makes of it', async () => {
    const job = named('DefaultsJob', z.object({ times: z._default(z.number(), 3) }));
    await publisher().publish(job, {});
    expect((await topic.receive(1))[0]?.Message).toBe('{}');
  });

  test('is validated as the consumer will see it: a date has become a text', async () => {
    const dated = named('DatedJob', z.object({ at: z.date() }));
    await expect(publisher().publish(dated, { at: new Date() })).rejects.toThrow(InvalidPayloadError);
    const texted = named('TextedJob', z.object({ at: z.iso.datetime() }));
    await publisher().publish(texted, { at: new Date(0) as never });
    expect((await topic.receive(1))[0]?.Message).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  test('waits for an asynchronous schema', async () => {
    const isOdd = async (value: number) => (await Promise.resolve(value % 2)) === 1;
    const job = named('OddJob', z.number().check(z.refine(isOdd, 'must be odd')));
    await expect(publisher().publish(job, 2)).rejects.toThrow('the payload does not fit OddJob: must be odd');
    await publisher().publish(job, 3);
    expect((await topic.receive(1))[0]?.Message).toBe('3');
  });

  test('says so when the schema itself throws', async () => {
    const cause = new Error('no database');
    const job = named(
      'BrokenJob',
      z.unknown().check(() => {
        throw cause;
      }),
    );
    await expect(publisher().publish(job, 1)).rejects.toThrow(PublishError);
    await expect(publisher().publish(job, 1)).rejects.toMatchObject({ jobName: 'BrokenJob', cause });
  });
});

describe('a topic that cannot be published to', () => {
  test.each([undefined, '', 'jobs-test', 'arn:aws:sqs:eu-west-1:123456789012:queue'])(
    'is refused at once when it is no topic ARN: %j',
    (topicArn) => {
      expect(() => createPublisher({ topicArn: topicArn as string })).toThrow(
        /topicArn must be a topic's ARN/,
      );
    },
  );

  test('gives a typed error with SNS’s code when it does not exist', async () => {
    const missing = createPublisher<TestJobs>({ topicArn: `${topic.topicArn}-missing`, client: topic.sns });
    const publishing = missing.publish('GreetingJob', { friendName: 'Hank' }, { jobId: 'id-1' });
    await expect(publishing).rejects.toThrow(PublishFailedError);
    await expect(publishing).rejects.toMatchObject({
      jobName: 'GreetingJob',
      jobId: 'id-1',
      code: expect.stringMatching(/^NotFound/),
    });
    await expect(publishing).rejects.toThrow(/Check the topic's ARN and Region/);
  });
});

/** A job with a name, as one that was read from its own file has. */
function named<Schema extends z.ZodMiniType>(name: string, payload: Schema): Job<Schema, void> {
  return { ...defineJob({ payload, run(_: unknown, __: JobContext) {} }), name } as Job<Schema, void>;
}
