import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { localCredentials as credentials } from '../../local/aws/isolatedAws.ts';
import { type DlqPlatform, envelope, names, reason, startDlqPlatform } from './dlqPlatform.ts';
import { runJobs } from './jobsCommand.ts';

const bucket = 'jobs-dev-files';
let platform: DlqPlatform;
let s3: S3Client;

beforeAll(async () => {
  platform = await startDlqPlatform();
  const { endpoint } = platform.engine;
  s3 = new S3Client({ endpoint, region: 'us-east-1', credentials });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const file = join(platform.directory, '.local', 'platform.json');
  const described = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...described, filesBucket: bucket }));
});
afterEach(async () => {
  for (const name of [names.dead, names.queue]) {
    await platform.engine.sqs('PurgeQueue', { QueueUrl: platform.engine.queueUrl(name) });
  }
});
afterAll(async () => {
  s3.destroy();
  await platform.close();
});

const key = 'payloads/GreetingJob/job-0.json';
const pointer = (s3Key = key, s3BucketName = bucket) => [
  'software.amazon.payloadoffloading.PayloadS3Pointer',
  { s3BucketName, s3Key },
];

async function bury(payload: unknown = pointer()) {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: '{"friendName":"Hank in S3"}' }));
  await platform.bury(names.dead, [{ body: envelope(payload, 'job-0'), reason: reason({ jobId: 'job-0' }) }]);
}

describe('dlq show', () => {
  test('fetches a payload that is in S3, and says where it is', async () => {
    await bury();
    const { code, stdout } = await platform.run('show', 'GreetingJob');
    expect(code).toBe(0);
    expect(stdout).toContain(`in S3: s3://${bucket}/${key}\n`);
    expect(stdout).toContain('{"friendName":"Hank in S3"}');
    const [letter] = JSON.parse((await platform.run('show', 'GreetingJob', '--json')).stdout);
    expect(letter).toMatchObject({
      payload: { friendName: 'Hank in S3' },
      payloadUrl: `s3://${bucket}/${key}`,
      body: envelope(pointer(), 'job-0'),
    });
  });

  test.each([
    ['has expired', pointer('payloads/GreetingJob/gone.json'), /not read: it has expired/],
    [
      'is another job’s',
      pointer('payloads/PushupsJob/1.json'),
      /not read: that is no payload of GreetingJob/,
    ],
    ['is in another bucket', pointer(key, 'foreign'), /not read: that is no payload of GreetingJob/],
  ])('says so when it %s', async (_, payload, problem) => {
    await bury(payload);
    const { code, stdout } = await platform.run('show', 'GreetingJob');
    expect(code).toBe(0);
    expect(stdout).toMatch(problem);
  });
});

describe('dlq edit', () => {
  const edit = (...words: string[]) => platform.run('edit', 'GreetingJob', '--id', 'job-0', ...words);

  test('sends a new payload by itself where it fits into a message', async () => {
    await bury();
    expect(await edit('--payload', '{"friendName":"New"}')).toMatchObject({ code: 0 });
    expect(await platform.bodies(names.queue)).toEqual([envelope({ friendName: 'New' }, 'job-0')]);
  });

  test('puts a large one into S3, and leaves what was there', async () => {
    await bury();
    const large = JSON.stringify({ friendName: 'x'.repeat(300_000) });
    const { code } = await platform.runWith(large, 'edit', 'GreetingJob', '--id', 'job-0', '--payload', '-');
    expect(code).toBe(0);
    const [body = ''] = await platform.bodies(names.queue);
    const [, { s3BucketName, s3Key }] = JSON.parse(JSON.parse(body).Message);
    expect(s3BucketName).toBe(bucket);
    expect(s3Key).toMatch(/^payloads\/GreetingJob\/job-0-\d+\.json$/);
    const text = async (Key: string) =>
      (await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body?.transformToString();
    expect(await text(s3Key)).toBe(large);
    expect(await text(key)).toBe('{"friendName":"Hank in S3"}');
  });

  test('is refused in an editor when what it would show cannot be read', async () => {
    await bury(pointer('payloads/GreetingJob/gone.json'));
    const words = ['dlq', 'edit', 'GreetingJob', '--id', 'job-0'];
    const { code, stderr } = await runJobs(platform.directory, words, '', { EDITOR: 'true' });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /the payload is in S3, at s3:.*gone\.json, and was not read: it has expired\. Give/,
    );
    expect(await platform.bodies(names.dead)).toHaveLength(1);
  });
});
