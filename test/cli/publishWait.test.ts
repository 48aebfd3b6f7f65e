import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startWaitBar } from '../../cli/publish/wait.ts';
import { localCredentials as credentials } from '../../local/aws/isolatedAws.ts';
import { until } from '../local/aws/lambda/processes.ts';
import { json, problem, startApi, statusOf, type TestApi, unknown } from '../src/publisher/testApi.ts';
import { startTopic, type TestTopic } from '../src/publisher/topic.ts';
import { startJobs } from './dlqPlatform.ts';
import { onTerminal, runJobs, runJobsProcess, startDirectory } from './jobsCommand.ts';

const hank = '{"friendName":"Hank"}';
const large = JSON.stringify({ friendName: 'x'.repeat(300_000) });
let topic: TestTopic;
let api: TestApi;
let s3: S3Client;
let directory: Awaited<ReturnType<typeof startDirectory>>;

beforeAll(async () => {
  [topic, api] = await Promise.all([startTopic(), startApi()]);
  s3 = new S3Client({ endpoint: topic.endpoint, region: 'us-east-1', credentials });
  await s3.send(new CreateBucketCommand({ Bucket: 'files' }));
  const queues = { queueUrl: topic.queueUrl, deadLetterQueueUrl: topic.queueUrl };
  directory = await startDirectory({
    endpoint: topic.endpoint,
    region: 'us-east-1',
    topicArn: topic.topicArn,
    speed: 1,
    jobs: { GreetingJob: queues, TrackedJob: queues },
    apiUrl: `${api.url}/`,
    filesBucket: 'files',
  });
});
beforeEach(() => {
  api.requests.length = 0;
});
afterAll(async () => {
  s3.destroy();
  await Promise.all([directory.remove(), api.close(), topic.close()]);
});

const jobs = (words: readonly string[]) => runJobs(directory.path, words);
const soon = { 'retry-after': '0.01' };
const wait = (...words: string[]) =>
  jobs(['publish', 'TrackedJob', '{}', '--job-id', 'order-7', '--wait', ...words]);

describe('publish --wait', () => {
  test('prints the result once the job has succeeded, and asks with the platform’s credentials', async () => {
    api.answers = [
      problem(404, 'No such job', soon),
      json(200, statusOf({ state: 'running' }), soon),
      { state: 'succeeded', result: { pages: 3 } },
    ];
    const { code, stdout, stderr } = await wait();
    await topic.receive(1);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^published TrackedJob order-7 \(message \S+\)\nsucceeded: \{\n {2}"pages": 3\n\}\n$/,
    );
    expect(api.requests.map(({ line }) => line)).toEqual(Array(3).fill('GET /jobs/order-7'));
    expect(api.requests[0]?.headers.authorization).toMatch(/Credential=local\/\d+\/us-east-1\/lambda\//);
  });

  test('says where a file is, as status does', async () => {
    const file = { key: 'results/a.pdf', name: 'a.pdf', contentType: 'application/pdf', bytes: 2345 };
    api.answers = [{ state: 'succeeded', result: { file } }];
    const { stdout } = await wait();
    await topic.receive(1);
    expect(stdout.split('\n').slice(1)).toEqual([
      'succeeded',
      `  result   a.pdf (application/pdf, 2,345 bytes): ${api.url}/jobs/order-7/result`,
      '',
    ]);
  });

  test('shows the job’s state beside the bar on a terminal', async () => {
    const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 120 });
    const bar = startWaitBar(stream);
    let drawn = '';
    stream.on('data', (text) => {
      drawn += text;
    });
    bar.show({ state: 'running', progress: { fraction: 0.5, text: 'half\nway', at: '' } });
    await until(() => drawn.includes('running |'));
    bar[Symbol.dispose]();
    expect(drawn).toMatch(/waiting \|.* 0% /);
    expect(drawn).toMatch(/running \|.* 50% half way/);
  });

  test('ends with 1 and the reason when the job is dead; as JSON when asked', async () => {
    const reason = { name: 'TypeError', message: 'no\nfriend' };
    api.answers = [{ state: 'dead', jobName: 'TrackedJob', reason, attempt: 5 }];
    const { code, stdout, stderr } = await wait();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^published .*\n$/);
    expect(stderr).toMatch(
      /^dead: TrackedJob order-7 is dead after 5 attempts: TypeError: no friend\. .*\n$/,
    );

    const words = ['publish', 'TrackedJob', '{}', '--job-id', 'order-7', '--wait', '--json'];
    const asJson = await runJobsProcess(directory.path, words);
    await topic.receive(2);
    expect(asJson).toMatchObject({ code: 1, stderr: '' });
    const [published, ended] = asJson.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(published).toMatchObject({ status: 'published', jobId: 'order-7' });
    expect(ended).toMatchObject({
      status: 'dead',
      jobName: 'TrackedJob',
      jobId: 'order-7',
      error: { name: 'JobDeadError' },
    });
  });

  test('ends with 1 when the job was cancelled, and when it is not known in time', async () => {
    api.answers = [{ state: 'cancelled' }];
    expect(await wait()).toMatchObject({ code: 1, stderr: expect.stringMatching(/^cancelled: .*\n$/) });
    api.answers = [unknown];
    const late = await wait('--timeout', '0.1s');
    await topic.receive(2);
    const command = 'npm run jobs -- status order-7 --watch';
    expect(late).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        new RegExp(`^not known: .*for 0\\.1s: .*\\. See how it ends: ${command}\n$`),
      ),
    });
  });

  test('ends with 1 when the job is still running in the end, and says how to look again', async () => {
    api.answers = [json(200, statusOf({ state: 'running' }), soon)];
    const { code, stderr } = await wait('--timeout', '0.1s');
    await topic.receive(1);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'order-7 is still running after 0.1s, and goes on. See how it ends: npm run jobs -- status order-7 --watch\n',
    });
  });

  test('interrupted on a terminal, gives it back, and says that the job goes on and how to look again', async () => {
    api.answers = [json(200, statusOf({ state: 'running' }), soon)];
    const words = ['publish', 'TrackedJob', '{}', '--job-id', 'order-7', '--wait'];
    const { child, output, ended } = startJobs(directory.path, words, onTerminal);
    await until(() => output.stderr.includes('running |'));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    await topic.receive(1);
    const [drawn, atEnd] = output.stderr.split('not waiting any more. Ctrl-C again stops at once\n');
    expect(drawn).toContain('\u001b[?25l');
    expect(atEnd).toMatch(/\[\?25h.*\[\?7h/s);
    expect(atEnd).toContain('the job goes on. See how it ends: npm run jobs -- status order-7 --watch\n');
  });

  test('ends with 1 when the API lets nobody in', async () => {
    api.answers = [problem(403, 'No entry')];
    const { code, stderr } = await wait();
    await topic.receive(1);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^not known: .*HTTP 403: No entry.*\n$/),
    });
  });

  test.each<[string, string[], RegExp]>([
    ['a job that is not tracked', ['GreetingJob', hank, '--wait'], /GreetingJob is not tracked.*track: true/],
    ['many lines', ['GreetingJob', '--file', 'x', '--wait'], /--wait is for a single job/],
    ['a timeout alone', ['TrackedJob', '{}', '--timeout', '5s'], /--timeout says how long to --wait/],
    ['a timeout in words', ['TrackedJob', '{}', '--wait', '--timeout', 'long'], /'long' is no duration/],
    [
      'a topic whose API is not known',
      ['X', '1', '--force', '--wait', '--topic-arn', 'arn:aws:sns:us-east-1:1:t'],
      /the API of arn:aws:sns:us-east-1:1:t is not known/,
    ],
  ])('publishes nothing for %s', async (_, words, message) => {
    const { code, stdout, stderr } = await jobs(['publish', ...words]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('payloads too large for a message', () => {
  const stored = async (key: string) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'files', Key: key }));
    return await Body?.transformToString();
  };
  const pointer = (s3Key: string) =>
    JSON.stringify(['software.amazon.payloadoffloading.PayloadS3Pointer', { s3BucketName: 'files', s3Key }]);

  test('go through the files bucket, line by line', async () => {
    const file = [
      `{"jobId":"big","jobName":"GreetingJob","payload":${large}}`,
      `{"jobName":"GreetingJob","payload":${hank}}`,
    ];
    await writeFile(join(directory.path, 'jobs.jsonl'), file.join('\n'));
    const { code, stdout } = await jobs(['publish', '--file', 'jobs.jsonl']);
    const messages = (await topic.receive(2)).map(({ Message }) => Message);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'published 2 messages to the local platform\n' });
    expect(messages.sort()).toEqual([pointer('payloads/GreetingJob/big.json'), hank].sort());
    expect(await stored('payloads/GreetingJob/big.json')).toBe(large);
  });
});
