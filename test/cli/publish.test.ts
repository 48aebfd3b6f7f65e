import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTopic, type TestTopic } from '../src/publisher/topic.ts';
import { runJobs, runJobsProcess, startDirectory } from './jobsCommand.ts';

const hank = '{"friendName":"Hank"}';
/** One that the schema takes. */
const suggestion =
  /nothing to publish: give a payload, such as publish GreetingJob '\{"friendName":"Hank"\}', or --file PATH/;

describe('against a running platform', () => {
  let topic: TestTopic;
  let directory: Awaited<ReturnType<typeof startDirectory>>;

  beforeAll(async () => {
    topic = await startTopic();
    const queues = { queueUrl: topic.queueUrl, deadLetterQueueUrl: topic.queueUrl };
    directory = await startDirectory({
      endpoint: topic.endpoint,
      region: 'us-east-1',
      topicArn: topic.topicArn,
      speed: 1,
      jobs: { GreetingJob: queues, OnlyDeployedJob: queues },
    });
  });
  afterAll(async () => {
    await directory.remove();
    await topic.close();
  });
  const jobs = (words: readonly string[], input?: string) => runJobs(directory.path, words, input);

  test('publishes a job and says its ID and the message’s', async () => {
    const { code, stdout, stderr } = await runJobsProcess(directory.path, ['publish', 'GreetingJob', hank]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, jobId, messageId] = /^published GreetingJob (\S+) \(message (\S+)\)\n$/.exec(stdout) ?? [];
    const [envelope] = await topic.receive(1);
    expect(envelope).toMatchObject({ MessageId: messageId, Message: hank });
    expect(envelope?.MessageAttributes).toMatchObject({
      jobName: { Type: 'String', Value: 'GreetingJob' },
      jobId: { Type: 'String', Value: jobId },
    });
  });

  test('takes an ID, and prints JSON when asked', async () => {
    const { code, stdout } = await jobs(['publish', 'GreetingJob', hank, '--job-id', 'order-7', '--json']);
    const [envelope] = await topic.receive(1);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      status: 'published',
      jobName: 'GreetingJob',
      jobId: 'order-7',
      messageId: envelope?.MessageId,
    });
  });

  test('refuses a payload that does not fit the job’s schema, unless forced', async () => {
    const misfit = ['publish', 'GreetingJob', '{"friendName":7}'];
    const refused = await jobs(misfit);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^not published: the payload does not fit GreetingJob: friendName: .+\n$/);

    const asJson = await jobs([...misfit, '--json']);
    expect(asJson).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      status: 'failed',
      error: { name: 'InvalidPayloadError' },
    });

    expect((await jobs([...misfit, '--force'])).code).toBe(0);
    expect((await topic.receive(1))[0]?.Message).toBe('{"friendName":7}');
  });

  test('refuses a name that nobody knows with the nearest one, unless forced', async () => {
    const refused = await jobs(['publish', 'GretingJob', hank]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^error: there is no job 'GretingJob'\. Did you mean GreetingJob\? .*--force.*\n$/,
    );

    expect((await jobs(['publish', 'GretingJob', hank, '--force'])).code).toBe(0);
    expect((await topic.receive(1))[0]?.MessageAttributes.jobName?.Value).toBe('GretingJob');
  });

  test('publishes unchecked what the platform runs without a file here', async () => {
    expect((await jobs(['publish', 'OnlyDeployedJob', '[1]'])).code).toBe(0);
    expect((await topic.receive(1))[0]?.Message).toBe('[1]');
  });

  test('warns when the platform does not run the job yet', async () => {
    const { code, stderr } = await jobs(['publish', 'PushupsJob', '{"pushupsRequired":3}']);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'warning: the local platform has no PushupsJob yet: what is published waits in the unrouted queue\n',
    );
    await topic.receive(1);
  });

  test('publishes a file of payloads, a line each, and lists what fails by its line', async () => {
    const lines = Array.from({ length: 25 }, (_, index) => `{"friendName":"Hank ${index + 1}"}`);
    lines[2] = '{"friendName":3}';
    lines[6] = '{"friendName":';
    lines[10] = '   ';
    await writeFile(join(directory.path, 'friends.jsonl'), `\uFEFF${lines.join('\r\n')}\r\n`);
    const { code, stdout, stderr } = await jobs(['publish', 'GreetingJob', '--file', 'friends.jsonl']);

    expect(code).toBe(1);
    expect(stdout).toBe('published 22 messages to the local platform, 2 failures\n');
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^line 3: the payload does not fit GreetingJob: friendName: /),
      expect.stringMatching(/^line 7: not JSON: /),
      '',
    ]);
    const sent = (await topic.receive(22)).map(({ Message }) => Message).sort();
    expect(sent).toEqual(lines.filter((_, index) => ![2, 6, 10].includes(index)).sort());
  });

  test('finds a file from where the command was typed, not from where npm runs it', async () => {
    const elsewhere = await mkdtemp(join(directory.path, 'elsewhere-'));
    await writeFile(join(elsewhere, 'here.jsonl'), `${hank}\n`);
    const words = ['publish', 'GreetingJob', '--file', 'here.jsonl'];
    const env = { INIT_CWD: elsewhere };
    expect(await runJobs(directory.path, words, '', env)).toMatchObject({ code: 0, stderr: '' });
    await topic.receive(1);
    const none = await runJobs(directory.path, ['publish', '--file', 'none.jsonl'], '', env);
    expect(none.stderr).toContain(
      `cannot read none.jsonl: ENOENT: no such file or directory, open '${elsewhere}/none.jsonl'`,
    );
  });

  test('publishes lines of different jobs from standard input, with IDs and attributes of their own', async () => {
    const lines = [
      `{"jobName":"GreetingJob","payload":${hank},"jobId":"a","attributes":{"tenant":"t"}}`,
      '{"jobName":"PushupsJob","payload":{"pushupsRequired":3},"jobId":"b"}',
      '{"jobName":"NoSuchJob","payload":{}}',
      '{"jobName":"GreetingJob","payload":{},"jobId":"d"}',
      '{"jobName":"GreetingJob","jobid":"e","payload":{}}',
      hank,
    ];
    const words = ['publish', '--file', '-', '--json'];
    const { code, stdout } = await runJobsProcess(directory.path, words, lines.join('\n'));
    expect(code).toBe(1);
    const results = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results).toMatchObject([
      { line: 1, status: 'published', jobName: 'GreetingJob', jobId: 'a' },
      { line: 2, status: 'published', jobName: 'PushupsJob', jobId: 'b' },
      {
        line: 3,
        status: 'failed',
        error: { message: expect.stringContaining("there is no job 'NoSuchJob'") },
      },
      { line: 4, status: 'failed', jobId: 'd', error: { name: 'InvalidPayloadError' } },
      { line: 5, status: 'failed', error: { message: expect.stringContaining('unknown field jobid') } },
      { line: 6, status: 'failed', error: { message: expect.stringContaining('unknown field friendName') } },
    ]);
    const envelopes = await topic.receive(2);
    const first = envelopes.find(({ MessageAttributes }) => MessageAttributes.jobId?.Value === 'a');
    expect(first?.MessageAttributes.tenant).toEqual({ Type: 'String', Value: 't' });
  });

  test('shows the first failures of many, and how many more there are', async () => {
    const { code, stdout, stderr } = await jobs(['publish', 'GreetingJob', '-'], '{}\n'.repeat(1030));
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: 'published 0 messages to the local platform, 1,030 failures\n',
    });
    expect(stderr.split('\n')).toHaveLength(22);
    expect(stderr).toMatch(/^line 1: .*\n(.*\n)*… and 1,010 more failures; --json shows all\n$/);
  });

  test('says what SNS says when it refuses', async () => {
    const gone = await startDirectory({
      endpoint: topic.endpoint,
      region: 'us-east-1',
      topicArn: `${topic.topicArn}-gone`,
      jobs: { GreetingJob: { queueUrl: 'none', deadLetterQueueUrl: null } },
    });
    const { code, stderr } = await runJobs(gone.path, ['publish', 'GreetingJob', hank]);
    await gone.remove();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^not published: GreetingJob \S+ was not published: NotFound.*: .*\n$/);
  });

  test.each<[string, string[], RegExp]>([
    ['a payload that is not JSON', ['publish', 'GreetingJob', '{x'], /the payload is not JSON: .*Quote it/],
    ['no payload', ['publish', 'GreetingJob'], suggestion],
    ['nothing at all', ['publish'], suggestion],
    ['a payload and a file', ['publish', 'GreetingJob', hank, '--file', 'x'], /not both/],
    ['a dash and a file', ['publish', 'GreetingJob', '-', '--file', 'x'], /one of them/],
    [
      'one ID for many lines',
      ['publish', 'GreetingJob', '--file', 'x', '--job-id', 'a'],
      /--job-id is for a single job/,
    ],
    [
      'a file that is not there',
      ['publish', 'GreetingJob', '--file', 'none.jsonl'],
      /cannot read none.jsonl: ENOENT/,
    ],
    ['a file that is a directory', ['publish', 'GreetingJob', '--file', '.'], /it is a directory/],
    [
      'two places at once',
      ['publish', 'GreetingJob', hank, '--stack', 'a', '--topic-arn', 'b'],
      /give one of them/,
    ],
    [
      'a topic that is no ARN',
      ['publish', 'GreetingJob', hank, '--topic-arn', 'jobs'],
      /must be arn:aws:sns/,
    ],
    ['an option that does not exist', ['publish', '--colour'], /unknown option '--colour'/],
    ['a command that does not exist', ['publsh'], /unknown command 'publsh'/],
  ])('ends with 2 and one line for %s', async (_, words, message) => {
    const { code, stdout, stderr } = await jobs(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(
      stderr
        .replaceAll(/^\(.*\)\n/gm, '')
        .trimEnd()
        .split('\n'),
    ).toHaveLength(1);
  });
});

describe('without a platform', () => {
  const publish = async (platform?: object | string, run = runJobs) => {
    const directory = await startDirectory(platform);
    const ended = await run(directory.path, ['publish', 'GreetingJob', hank]);
    await directory.remove();
    return ended;
  };

  test('says how to start one', async () => {
    const stderr = 'error: no local platform is running here: npm start, or say where with --stack NAME\n';
    expect(await publish(undefined, runJobsProcess)).toEqual({ code: 2, stdout: '', stderr });
  });

  test('says so when it was killed and left its file', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const endpoint = `http://127.0.0.1:${port}`;

    const { code, stderr } = await publish({
      endpoint,
      region: 'us-east-1',
      topicArn: 'arn:aws:sns:us-east-1:0:t',
      jobs: {},
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*nothing listens there\. Start it again: npm start\n$/);
  });

  test('says so when the local platform has no jobs yet', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const endpoint = `http://127.0.0.1:${port}`;
    const { code, stderr } = await publish({ endpoint, region: 'us-east-1', topicArn: null, jobs: {} });
    await new Promise((resolve) => server.close(resolve));
    const message = 'error: the local platform has no jobs yet: add a file to src/jobs\n';
    expect({ code, stderr }).toEqual({ code: 2, stderr: message });
  });

  test.each([
    '',
    '{',
    'null',
    '{"endpoint":"x","region":"r","topicArn":"t","jobs":{}}',
    '{"endpoint":"http://127.0.0.1:1"}',
  ])('says so when its file is damaged: %j', async (content) => {
    const { code, stderr } = await publish(content);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: \.local\/platform\.json cannot be understood\. .*npm start\n$/);
  });

  test('shows help with examples', async () => {
    const directory = await startDirectory();
    const { code, stdout, stderr } = await runJobs(directory.path, ['publish', '--help']);
    await directory.remove();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`npm run jobs -- publish GreetingJob '{"friendName":"Hank"}'`);
  });
});
