import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { InvalidPayloadError } from '../../../src/job/index.ts';
import { maxClaimCheckBytes, maxMessageBytes } from '../../../src/message/limits.ts';
import {
  createPublisher,
  MessageTooLargeError,
  NotSerializableError,
  PayloadNotStoredError,
  type PublishItem,
} from '../../../src/publisher/index.ts';
import { payloadsUnderWay } from '../../../src/publisher/payloadStore.ts';
import { fetchPayload } from '../../../src/runtime/fetchPayload.ts';
import GreetingJob from '../../jobs/GreetingJob.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { startBucket, type TestBucket } from '../runtime/filesBucket.ts';
import { allSuccessful, snsOf, topicArn } from './snsOf.ts';
import type { TestJobs } from './testJobs.ts';
import { startTopic, type TestTopic } from './topic.ts';

let topic: TestTopic;
let bucket: TestBucket;
beforeAll(async () => {
  [topic, bucket] = await Promise.all([startTopic(), startBucket()]);
});
beforeEach(() => {
  bucket.requests.length = 0;
});
afterAll(() => Promise.all([topic.close(), bucket.close()]));

const publisher = (filesBucket = bucket.name) =>
  createPublisher<TestJobs>({ topicArn: topic.topicArn, client: topic.sns, filesBucket, s3: bucket.config });
const large = (letter = 'x') => ({ friendName: letter.repeat(maxMessageBytes) });
const pointer = (s3Key: string) =>
  JSON.stringify([
    'software.amazon.payloadoffloading.PayloadS3Pointer',
    { s3BucketName: 'jobs-test-files', s3Key },
  ]);

describe('a payload that is too large for SNS', () => {
  test('is put into the bucket, and its message points there', async () => {
    await publisher().publish('GreetingJob', large('ü'), { jobId: 'order/7', attributes: { tenant: 't' } });
    const [envelope] = await topic.receive(1);
    const key = 'payloads/GreetingJob/order%2F7.json';
    expect(envelope?.Message).toBe(pointer(key));
    expect(envelope?.MessageAttributes).toMatchObject({
      jobName: { Value: 'GreetingJob' },
      jobId: { Value: 'order/7' },
      tenant: { Value: 't' },
    });
    expect(JSON.parse((await bucket.get(key)) ?? '')).toEqual(large('ü'));
  });

  test('arrives at the job as it was given', async () => {
    await publisher().publish('GreetingJob', large(), { jobId: 'arrives' });
    const [envelope] = await topic.receive(1);
    const { endpoint, credentials } = bucket.config;
    const before = { ...process.env };
    Object.assign(process.env, {
      JOB_FILES_BUCKET: bucket.name,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
    const { signal } = new AbortController();
    const fetched = fetchPayload(JSON.parse(envelope?.Message ?? ''), { jobName: 'GreetingJob', signal });
    expect(await fetched.finally(() => Object.assign(process.env, before))).toEqual(large());
  });

  test('is none up to SNS’s own bound: S3 is not asked', async () => {
    await publisher().publish('GreetingJob', { friendName: 'x'.repeat(maxMessageBytes - 300) });
    expect(await topic.receive(1)).toHaveLength(1);
    expect(bucket.requests).toEqual([]);
  });

  test('is validated before anything is stored', async () => {
    const misfit = { friendName: 7, filler: 'x'.repeat(maxMessageBytes) } as never;
    await expect(publisher().publish(GreetingJob, misfit)).rejects.toThrow(InvalidPayloadError);
    expect(bucket.requests).toEqual([]);
  });

  test('is refused without a bucket, and the error names the option', async () => {
    const publishing = createPublisher<TestJobs>({ topicArn, client: topic.sns }).publish(
      'GreetingJob',
      large(),
    );
    await expect(publishing).rejects.toThrow(MessageTooLargeError);
    await expect(publishing).rejects.toThrow(/Give createPublisher a filesBucket/);
  });

  test('is refused above 16 MiB of JSON', async () => {
    const { client } = snsOf(allSuccessful);
    const overhead = '{"friendName":""}'.length;
    const publishing = createPublisher<TestJobs>({
      topicArn,
      client,
      filesBucket: bucket.name,
      s3: bucket.config,
    });
    const tooLarge = { friendName: 'x'.repeat(maxClaimCheckBytes - overhead + 1) };
    const refused = publishing.publish('GreetingJob', tooLarge);
    await expect(refused).rejects.toThrow(MessageTooLargeError);
    await expect(refused).rejects.toMatchObject({ maxBytes: maxClaimCheckBytes });
    await expect(refused).rejects.toThrow(/through S3 its payload may have 16777216\. Put the data in S3/);
    expect(bucket.requests).toEqual([]);
  });

  test('cannot help where the attributes are what is too large', async () => {
    const attributes = { note: 'x'.repeat(maxMessageBytes) };
    const refused = publisher().publish('GreetingJob', { friendName: 'Hank' }, { attributes });
    await expect(refused).rejects.toThrow(/attributes alone are too large\. Put them in the payload/);
    expect(bucket.requests).toEqual([]);
  });
});

test('publishAll stores what is too large, and leaves the rest as it is, each in its place', async () => {
  const items: PublishItem<TestJobs>[] = Array.from({ length: 25 }, (_, index) => ({
    job: 'GreetingJob' as const,
    payload: index % 5 === 2 ? large() : { friendName: `Hank ${index}` },
    jobId: `all-${index}`,
  }));
  const results = await publisher().publishAll(items);
  expect(results.map(({ status, jobId }) => [status, jobId])).toEqual(
    items.map(({ jobId }) => ['published', jobId]),
  );
  const arrived = (await topic.receive(25)).map(({ MessageAttributes, Message }) => [
    MessageAttributes.jobId?.Value,
    Message,
  ]);
  expect(Object.fromEntries(arrived)).toEqual(
    Object.fromEntries(
      items.map(({ jobId, payload }, index) => [
        jobId,
        index % 5 === 2 ? pointer(`payloads/GreetingJob/${jobId}.json`) : JSON.stringify(payload),
      ]),
    ),
  );
  expect(bucket.requests).toHaveLength(5);
});

describe('a payload that cannot be stored', () => {
  test('is a typed error with its cause and what to do, and nothing is published', async () => {
    const { client, calls } = snsOf(allSuccessful);
    const options = { topicArn, client, filesBucket: 'no-such-bucket', s3: bucket.config };
    const publishing = createPublisher<TestJobs>(options).publish('GreetingJob', large(), {
      jobId: 'order-7',
    });
    await expect(publishing).rejects.toThrow(PayloadNotStoredError);
    await expect(publishing).rejects.toMatchObject({
      jobName: 'GreetingJob',
      jobId: 'order-7',
      code: 'NoSuchBucket',
      cause: expect.any(Error),
    });
    await expect(publishing).rejects.toThrow(/bucket no-such-bucket: .*Check filesBucket: it is the stack/);
    expect(calls).toEqual([]);
  });

  test('fails alone: its neighbours are published', async () => {
    const results = await publisher('no-such-bucket').publishAll([
      { job: 'GreetingJob', payload: { friendName: 'first' } },
      { job: 'GreetingJob', payload: large(), jobId: 'lost' },
      { job: 'GreetingJob', payload: { friendName: 'last' } },
    ]);
    expect(results.map(({ status }) => status)).toEqual(['published', 'failed', 'published']);
    expect(results[1]).toMatchObject({ jobId: 'lost', error: expect.any(PayloadNotStoredError) });
    const arrived = (await topic.receive(2)).map(({ Message }) => JSON.parse(Message).friendName);
    expect(arrived.sort()).toEqual(['first', 'last']);
  });
});

describe('a stream of large payloads', () => {
  const held: ServerResponse[] = [];
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().once('end', () => held.push(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  test('stores a few at once, and takes no more than it has room for', async () => {
    const { client, calls } = snsOf(allSuccessful);
    const { port } = server.address() as AddressInfo;
    const s3 = { ...bucket.config, endpoint: `http://127.0.0.1:${port}` };
    const streaming = createPublisher<TestJobs>({ topicArn, client, filesBucket: bucket.name, s3 });
    const count = 4 * payloadsUnderWay + 1;
    let taken = 0;
    function* items(): Generator<PublishItem<TestJobs>> {
      for (; taken < count; ) {
        taken += 1;
        yield { job: 'GreetingJob', payload: large(), jobId: `s-${taken}` };
      }
    }
    const published: string[] = [];
    const reading = (async () => {
      for await (const { jobId, status } of streaming.publishStream(items())) {
        expect(status).toBe('published');
        published.push(jobId);
      }
    })();
    reading.catch(() => undefined);
    for (let stored = 0; stored < count; ) {
      const underWay = Math.min(payloadsUnderWay, count - stored);
      await until(() => held.length === underWay);
      expect(taken).toBeLessThanOrEqual(stored + payloadsUnderWay + 1);
      for (const response of held.splice(0)) response.end();
      stored += underWay;
    }
    await reading;
    expect(published).toEqual(Array.from({ length: count }, (_, index) => `s-${index + 1}`));
    expect(calls.flatMap(({ PublishBatchRequestEntries = [] }) => PublishBatchRequestEntries)).toHaveLength(
      count,
    );
  });
});

test.each([
  [
    'given as it is',
    ['software.amazon.payloadoffloading.PayloadS3Pointer', { s3BucketName: 'b', s3Key: 'k' }],
  ],
  ['made by toJSON', { toJSON: () => ['software.amazon.payloadoffloading.PayloadS3Pointer', {}] }],
  ['and nothing behind it', ['software.amazon.payloadoffloading.PayloadS3Pointer']],
])(
  'a pointer %s is no payload: who may only publish must not make the job read a file',
  async (_, payload) => {
    const publishing = publisher().publish('GreetingJob', payload as never);
    await expect(publishing).rejects.toThrow(NotSerializableError);
    await expect(publishing).rejects.toThrow(/is a pointer of the claim check/);
  },
);
