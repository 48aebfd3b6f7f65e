import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { maxClaimCheckBytes } from '../../../src/message/limits.ts';
import { pointerTo } from '../../../src/message/pointer.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { envelope, memoryOnce, reasonOf, record, reported, testBench } from './batchFixture.ts';
import { startBucket, type TestBucket } from './filesBucket.ts';

const key = 'payloads/TestJob/order-7.json';
const environment = { ...process.env };
let bucket: TestBucket;
beforeAll(async () => {
  bucket = await startBucket();
  Object.assign(process.env, {
    JOB_FILES_BUCKET: bucket.name,
    AWS_ENDPOINT_URL: bucket.config.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
  });
  await bucket.put(key, '{"friendName":"Hank","times":"3"}');
});
beforeEach(() => {
  bucket.fault = 'none';
  bucket.requests.length = 0;
  bucket.abandoned = 0;
});
afterAll(async () => {
  process.env = environment;
  await bucket.close();
});

const pointer = (place: unknown = { s3BucketName: bucket.name, s3Key: key }) =>
  JSON.stringify(['software.amazon.payloadoffloading.PayloadS3Pointer', place]);
const schema = z.object({ friendName: z.string(), times: z.coerce.number() });

/** Runs a job with a message, and tells what it was given. */
async function given(body: string, remainingMs?: number) {
  const payloads: unknown[] = [];
  const bench = testBench({ payload: schema, run: (payload) => void payloads.push(payload) });
  const response = await bench.run([record(body, { messageId: 'm1' })], remainingMs);
  const [letter] = bench.deadLetters;
  return { payloads, retried: reported(response), letter, reason: reasonOf(letter), lines: bench.lines };
}

describe('a message that points to its payload', () => {
  test('gives run the payload, through the schema, whether in SNS’s envelope or not', async () => {
    const payload = { friendName: 'Hank', times: 3 };
    expect((await given(envelope(pointer()))).payloads).toEqual([payload]);
    expect((await given(pointer())).payloads).toEqual([payload]);
    expect(bucket.requests).toEqual(Array(2).fill(`GET /${bucket.name}/${key}`));
  });

  test('is in the format that Amazon’s libraries and the publisher write', () => {
    expect(JSON.stringify(pointerTo(bucket.name, key))).toBe(pointer());
  });

  test('shows idempotency the payload itself', async () => {
    const keys: unknown[] = [];
    const once = memoryOnce({
      key(payload) {
        keys.push(payload);
        return 'one';
      },
    });
    const { run } = testBench({ payload: schema, run: () => 'done' }, { once });
    await run([record(envelope(pointer()))]);
    expect(keys).toEqual([{ friendName: 'Hank', times: 3 }]);
  });

  test('is a dead letter with its pointer, not the payload, when the job fails for good', async () => {
    const bench = testBench({ maxAttempts: 1, run: () => Promise.reject(new TypeError('no')) });
    const body = envelope(pointer());
    await bench.run([record(body)]);
    expect(bench.deadLetters[0]?.MessageBody).toBe(body);
  });

  test('leaves its neighbours alone when it fails', async () => {
    const payloads: unknown[] = [];
    const { run } = testBench({ run: (payload) => void payloads.push(payload) });
    await run([record(pointer({ s3BucketName: 'elsewhere', s3Key: key })), record('1'), record(pointer())]);
    expect(payloads).toEqual([1, { friendName: 'Hank', times: '3' }]);
  });
});

describe('a payload that is not fetched', () => {
  test.each<[string, unknown]>([
    ['another bucket', { s3BucketName: 'someone-elses', s3Key: key }],
    ['another job', { s3BucketName: 'jobs-test-files', s3Key: 'payloads/OtherJob/1.json' }],
    ['a way out of its prefix', { s3BucketName: 'jobs-test-files', s3Key: 'payloads/TestJob/../O/1.json' }],
    ['an upload', { s3BucketName: 'jobs-test-files', s3Key: 'uploads/TestJob/1.json' }],
    ['no key', { s3BucketName: 'jobs-test-files' }],
    ['null', null],
    ['a text', 's3://jobs-test-files/payloads/TestJob/order-7.json'],
  ])('points to %s: dead at once, and S3 is not asked', async (_, place) => {
    const { payloads, reason, retried } = await given(envelope(pointer(place)));
    expect(payloads).toEqual([]);
    expect(retried).toEqual([]);
    expect(reason).toMatchObject({
      name: 'InvalidMessageError',
      message: expect.stringMatching(/^payload s3:.* is not TestJob's$/),
    });
    expect(bucket.requests).toEqual([]);
  });

  test('has expired: dead at once, and the reason says so', async () => {
    const gone = { s3BucketName: bucket.name, s3Key: 'payloads/TestJob/gone.json' };
    const { reason } = await given(envelope(pointer(gone)));
    expect(reason.message).toBe(`payload s3://${bucket.name}/payloads/TestJob/gone.json has expired`);
  });

  test('is refused: expired where S3 says that listing is what is missing, else an ordinary retry', async () => {
    const denied = (action: string) =>
      `<Error><Code>AccessDenied</Code><Message>Not authorized to perform: ${action}</Message></Error>`;
    bucket.fault = { status: 403, text: denied('s3:ListBucket') };
    expect((await given(pointer())).reason.message).toMatch(/order-7\.json has expired$/);
    bucket.fault = { status: 403, text: denied('s3:GetObject') };
    expect(await given(pointer())).toMatchObject({ retried: ['m1'], letter: undefined });
  });

  test('is no JSON: dead at once, and its text is in no log', async () => {
    await bucket.put('payloads/TestJob/text.json', 'secret, not JSON');
    const text = { s3BucketName: bucket.name, s3Key: 'payloads/TestJob/text.json' };
    const { reason, lines } = await given(pointer(text));
    expect(reason.message).toMatch(/text\.json is no JSON$/);
    expect(JSON.stringify([reason, lines])).not.toContain('secret');
  });

  test('is larger than memory should hold: dead at once; of the bound itself it is not', async () => {
    bucket.fault = { text: `"${'x'.repeat(maxClaimCheckBytes - 1)}"` };
    expect((await given(pointer())).reason.message).toMatch(/order-7\.json has more than 16777216 bytes$/);
    await until(() => bucket.abandoned === 1);
    bucket.fault = { text: `"${'x'.repeat(maxClaimCheckBytes - 2)}"` };
    expect((await given(pointer())).reason.name).toBe('InvalidPayloadError');
  });

  test('cannot be reached: an ordinary retry', async () => {
    bucket.fault = 'broken';
    const { retried, letter, lines } = await given(envelope(pointer()));
    expect({ retried, letter }).toEqual({ retried: ['m1'], letter: undefined });
    expect(lines[0]?.message).toBe('retry');
  });

  test('stalls: given up at the deadline, and the connection with it', async () => {
    bucket.fault = 'stalled';
    const { retried, payloads } = await given(envelope(pointer()), 1500);
    expect({ retried, payloads }).toEqual({ retried: ['m1'], payloads: [] });
    await until(() => bucket.abandoned === 1);
  });
});

test('an array that is no pointer is a payload like any other', async () => {
  const payloads: unknown[] = [];
  const { run } = testBench({ run: (payload) => void payloads.push(payload) });
  await run([record('["PayloadS3Pointer",{"s3BucketName":"b","s3Key":"k"}]'), record('[]'), record('[[]]')]);
  expect(payloads).toEqual([['PayloadS3Pointer', { s3BucketName: 'b', s3Key: 'k' }], [], [[]]]);
});
