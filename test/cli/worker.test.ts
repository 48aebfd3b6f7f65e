import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../local/aws/lambda/processes.ts';
import { envelope, startPlatform, type TestPlatform } from '../src/worker/platform.ts';
import { startDirectory } from './jobsCommand.ts';
import { killWorkerCommands, startWorkerCommand } from './workerCommand.ts';

let platform: TestPlatform;
let directory: Awaited<ReturnType<typeof startDirectory>>;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  platform = await startPlatform();
  const { engine, queueUrl, deadLetterQueueUrl } = platform;
  await engine.sqs('CreateQueue', { QueueName: 'jobs-test-PushupsJob' });
  const pushups = { queueUrl: engine.queueUrl('jobs-test-PushupsJob'), deadLetterQueueUrl };
  directory = await startDirectory({
    endpoint: engine.endpoint,
    region: engine.region,
    topicArn: engine.topicArn('jobs-test'),
    speed: 1,
    jobs: { GreetingJob: { queueUrl, deadLetterQueueUrl }, PushupsJob: pushups },
  });
});
afterEach(async () => {
  await killWorkerCommands();
  for (const cleanup of cleanups.splice(0)) cleanup();
  await directory.remove();
  await platform.stop();
});

const start = (words: readonly string[], environment?: Record<string, string>) =>
  startWorkerCommand(directory.path, words, environment);

/** What it said, and how it ended. */
async function runToEnd(words: readonly string[], environment?: Record<string, string>) {
  const worker = start(words, environment);
  const code = await worker.ended;
  return { code, output: worker.output() };
}

const environment = () => ({
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});

describe('jobs worker', () => {
  test('runs several jobs of the local platform, each with its own concurrency, until it is told to stop', async () => {
    const worker = start([
      'GreetingJob',
      'PushupsJob',
      '--force',
      '--concurrency',
      'GreetingJob=3',
      '--stop-timeout',
      '2s',
      '--health-port',
      '0',
    ]);
    await platform.send([{ friendName: 'Hank' }]);
    await platform.engine.sqs('SendMessage', {
      QueueUrl: platform.engine.queueUrl('jobs-test-PushupsJob'),
      MessageBody: envelope({ pushupsRequired: 7 }, 'job-p'),
    });
    await worker.says('Hank!');
    await worker.says('did 7 push-ups');
    const lines = worker
      .output()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const started = lines.filter(({ message }) => message === 'worker started');
    expect(started.map(({ jobName, concurrency }) => [jobName, concurrency])).toEqual([
      ['GreetingJob', 3],
      ['PushupsJob', 10],
    ]);
    const health = await fetch(`${started[0].healthUrl}/healthz`);
    expect(Object.keys(((await health.json()) as { jobs: object }).jobs)).toEqual([
      'GreetingJob',
      'PushupsJob',
    ]);
    // A run is counted once it is settled, a moment after it has said what it says.
    const counted = 'jobs_worker_runs_total{job="GreetingJob",outcome="succeeded"} 1';
    await until(async () =>
      (await (await fetch(`${started[0].healthUrl}/metrics`)).text()).includes(counted),
    );
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    await until(async () => (await platform.queue()).notVisible.length === 0);
  });

  test('takes a queue by its URL, and its dead-letter queue from the redrive policy', async () => {
    await platform.send([{ friendName: 'Hank', shouldFail: 'yes' }]);
    const worker = start(
      ['GreetingJob', '--queue-url', platform.queueUrl, '--stop-timeout', '1s'],
      environment(),
    );
    await worker.says('"dead"');
    await until(async () => (await platform.deadLetters()).visible.length === 1);
    worker.kill('SIGINT');
    expect(await worker.ended).toBe(0);
  });

  test('leaves a queue alone that Lambda consumes', async () => {
    const local = await runToEnd(['GreetingJob']);
    expect(local).toEqual({
      code: 2,
      output: expect.stringMatching(/^error: the local platform runs GreetingJob in Lambda, .*--force\n$/),
    });
    const asked: string[] = [];
    const lambda = createServer((request, response) => {
      asked.push(request.url ?? '');
      const mapping = {
        UUID: 'uuid-1',
        State: 'Enabled',
        FunctionArn: 'arn:aws:lambda:eu-west-1:1:function:jobs-dev-GreetingJob',
      };
      response.end(JSON.stringify({ EventSourceMappings: [mapping] }));
    }).listen(0, '127.0.0.1');
    await once(lambda, 'listening');
    cleanups.push(() => lambda.close());
    const deployed = await runToEnd(['GreetingJob', '--queue-url', platform.queueUrl], {
      ...environment(),
      AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`,
    });
    expect(deployed.code).toBe(2);
    expect(deployed.output).toMatch(
      /^error: the function jobs-dev-GreetingJob consumes .*--uuid uuid-1\).*--force\n$/,
    );
    expect(decodeURIComponent(asked[0] ?? '')).toContain(
      'EventSourceArn=arn:aws:sqs:eu-west-1:000000000000:jobs-test-TestJob',
    );
  });
});

describe('a mistake is said in a line, before anything is received', () => {
  const aws = 'https://sqs.eu-west-1.amazonaws.com/123456789012/jobs-prod-GreetingJob';
  const noQueue = () => platform.queueUrl.replace(/[^/]+$/, 'nobody');

  test.each<[string, () => string[], Record<string, string>, RegExp]>([
    [
      'an unknown job',
      () => ['GreetJob'],
      {},
      /^there is no job 'GreetJob'\. Did you mean GreetingJob\? Its file would be src\/jobs\/GreetJob\.ts$/,
    ],
    ['a job twice', () => ['GreetingJob', 'GreetingJob'], {}, /^GreetingJob is given twice/],
    [
      'a concurrency of 0',
      () => ['GreetingJob', '--concurrency', '0'],
      {},
      /^--concurrency must be a whole number from 1 to 1000, was '0'$/,
    ],
    [
      'the concurrency of another job',
      () => ['GreetingJob', '--concurrency', 'Other=1'],
      {},
      /^--concurrency names Other, which is not one of GreetingJob$/,
    ],
    [
      'a stop timeout that is no duration',
      () => ['GreetingJob', '--stop-timeout', 'soon'],
      {},
      /^--stop-timeout must be a duration from 1s to 12h/,
    ],
    [
      'a port that is none',
      () => ['GreetingJob', '--health-port', 'http'],
      {},
      /^--health-port must be a whole number from 0 to 65535, was 'http'$/,
    ],
    [
      'a queue that does not exist',
      () => ['GreetingJob', '--force', '--queue-url', noQueue()],
      environment(),
      /^there is no queue http.*\/nobody: check its name/,
    ],
    [
      'a queue of several jobs',
      () => ['GreetingJob', 'PushupsJob', '--queue-url', aws],
      {},
      /^--queue-url: each of several jobs needs its own queue/,
    ],
    [
      'no credentials',
      () => ['GreetingJob', '--queue-url', aws],
      { AWS_REGION: 'eu-west-1' },
      /^no AWS credentials: .*Set AWS_PROFILE/,
    ],
    ['no Region', () => ['GreetingJob', '--queue-url', aws], {}, /^no AWS Region: set AWS_REGION/],
    [
      'another Region',
      () => ['GreetingJob', '--force', '--queue-url', aws],
      { ...environment(), AWS_REGION: 'us-east-1' },
      /is in eu-west-1, but the AWS Region here is us-east-1: set AWS_REGION=eu-west-1$/,
    ],
  ])('%s', async (_mistake, words, given, text) => {
    const { code, output } = await runToEnd(words(), given);
    const [line = '', ...others] = output.trimEnd().split('\n');
    expect({ code, others }).toEqual({ code: 2, others: [] });
    expect(line.replace(/^error: /, '')).toMatch(text);
  });

  test('no platform, no stack and no queue', async () => {
    const empty = await startDirectory();
    cleanups.push(() => empty.remove());
    const worker = startWorkerCommand(empty.path, ['GreetingJob']);
    expect(await worker.ended).toBe(2);
    expect(worker.output()).toMatch(/^error: no local platform is running here/);
  });
});
