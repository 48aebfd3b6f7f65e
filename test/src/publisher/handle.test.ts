import { SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '../../../src/publisher/clock.ts';
import {
  createPublisher,
  JobApiError,
  JobCancelledError,
  JobDeadError,
  NoApiUrlError,
  PublishError,
  type PublisherOptions,
  ResultTimeoutError,
} from '../../../src/publisher/index.ts';
import { signedFetch } from '../../../src/publisher/jobApi.ts';
import { signedHeaders } from '../../../src/sigV4.ts';
import { until } from '../../local/aws/lambda/processes.ts';
import { allSuccessful, snsOf, topicArn } from './snsOf.ts';
import { json, problem, startApi, statusOf, type TestApi, unknown } from './testApi.ts';
import type { TestJobs } from './testJobs.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
beforeEach(() => {
  api.requests.length = 0;
});
afterAll(() => api.close());

/** Time passes by sleeping alone. */
function sleepingClock(): Clock & { readonly sleptMs: number[] } {
  const sleptMs: number[] = [];
  let nowMs = Date.UTC(2026, 10, 21);
  return {
    sleptMs,
    now: () => nowMs,
    random: () => 1,
    async sleep(ms) {
      sleptMs.push(ms);
      nowMs += ms;
    },
  };
}

const unsigned: Partial<PublisherOptions> = { fetch: (url, init) => fetch(url, init) };

function publisher(options: Partial<PublisherOptions> = unsigned, clock: Clock = sleepingClock()) {
  const { client } = snsOf(allSuccessful);
  return createPublisher<TestJobs>({ topicArn, client, apiUrl: api.url, ...options }, clock);
}

const handle = (clock?: Clock) => publisher(unsigned, clock).handle('GreetingJob', 'order-7');
/** The status of a job whose result is not in it. */
function succeededElsewhere() {
  const { links, ...status } = statusOf({ state: 'succeeded' });
  return json(200, { ...status, links: { ...links, result: '/jobs/order-7/result' } });
}

const lines = () => api.requests.map(({ line }) => line);

describe('a result', () => {
  test('is what the job returned, once it has ended; the API is asked as often as it wants to be', async () => {
    const retryAfter = (seconds: string) => ({ 'retry-after': seconds });
    api.answers = [
      problem(404, 'No such job', retryAfter('1')),
      json(200, statusOf({ state: 'queued' }), retryAfter('2')),
      json(200, statusOf({ state: 'running' }), retryAfter('5')),
      json(200, statusOf({ state: 'retrying' }), retryAfter('600')),
      json(200, statusOf({ state: 'running' })),
      { state: 'succeeded', result: { greeted: ['Hank'] } },
    ];
    const clock = sleepingClock();
    const published = await publisher(unsigned, clock).publish('GreetingJob', { friendName: 'Hank' });
    expect(await published.result()).toEqual({ greeted: ['Hank'] });
    expect(clock.sleptMs).toEqual([1000, 2000, 5000, 30_000, 1000]);
    expect(new Set(lines())).toEqual(new Set([`GET /jobs/${published.jobId}`]));
  });

  test.each([null, 0, '', false])('may be %j', async (result) => {
    api.answers = [{ state: 'succeeded', result }];
    expect(await handle().result()).toBe(result);
  });

  test('is undefined where the job returned nothing', async () => {
    api.answers = [succeededElsewhere(), (response) => response.writeHead(204).end()];
    expect(await handle().result()).toBeUndefined();
  });

  test('that is too large for a status comes from S3, which gets no credentials of the API', async () => {
    const s3 = await startApi();
    s3.answers = [json(200, { large: true })];
    api.answers = [
      succeededElsewhere(),
      (response) => response.writeHead(303, { location: `${s3.url}/results/x.json?signature=1` }).end(),
    ];
    const token: PublisherOptions['fetch'] = (url, init) =>
      fetch(url, { ...init, headers: { ...init?.headers, authorization: 'Bearer secret' } });
    const result = await publisher({ fetch: token }).handle('GreetingJob', 'order-7').result();
    await s3.close();
    expect(result).toEqual({ large: true });
    expect(lines()).toEqual(['GET /jobs/order-7', 'GET /jobs/order-7/result']);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill('Bearer secret'));
    expect(s3.requests.map(({ line }) => line)).toEqual(['GET /results/x.json?signature=1']);
    expect(s3.requests[0]?.headers.authorization).toBeUndefined();
  });

  test('reports progress as it comes, each once', async () => {
    const progress = (fraction: number) => ({ fraction, text: `${fraction}`, at: `at ${fraction}` });
    api.answers = [
      { state: 'running' },
      { state: 'running', progress: progress(0.2) },
      { state: 'running', progress: progress(0.2) },
      { state: 'succeeded', progress: progress(1) },
    ];
    const seen: number[] = [];
    await handle().result({ onProgress: ({ fraction }) => seen.push(fraction) });
    expect(seen).toEqual([0.2, 1]);
  });

  test('comes after every status that was read', async () => {
    api.answers = [unknown, { state: 'queued' }, { state: 'running' }, { state: 'succeeded' }];
    const seen: string[] = [];
    await handle().result({ onStatus: ({ state }) => seen.push(state) });
    expect(seen).toEqual(['queued', 'running', 'succeeded']);
  });

  test('never comes from a job that is dead: the error has the reason', async () => {
    const reason = { name: 'TypeError', message: 'friend is undefined' };
    api.answers = [{ state: 'dead', reason, attempt: 5 }];
    const waiting = handle().result();
    await expect(waiting).rejects.toThrow(JobDeadError);
    await expect(waiting).rejects.toMatchObject({
      jobId: 'order-7',
      jobName: 'GreetingJob',
      reason,
      attempts: 5,
    });
    await expect(waiting).rejects.toThrow(
      'GreetingJob order-7 is dead after 5 attempts: TypeError: friend is undefined. Mend it',
    );
  });

  test('never comes from a job that was cancelled', async () => {
    api.answers = [{ state: 'running' }, { state: 'cancelled' }];
    await expect(handle().result()).rejects.toThrow(JobCancelledError);
  });

  test('is waited for as long as was said, then the error says where the job is', async () => {
    api.answers = [json(200, statusOf({ state: 'running' }), { 'retry-after': '7' })];
    const clock = sleepingClock();
    const waiting = handle(clock).result({ timeout: '20s' });
    await expect(waiting).rejects.toThrow(ResultTimeoutError);
    await expect(waiting).rejects.toMatchObject({ state: 'running' });
    expect(clock.sleptMs).toEqual([7000, 7000, 6000]);
  });

  test('is waited for 5 minutes by default; a job the API never knew of may not be tracked', async () => {
    api.answers = [unknown];
    const clock = sleepingClock();
    const waiting = handle(clock).result();
    await expect(waiting).rejects.toThrow(/nothing was known of order-7 for 5m: .*no track: true/);
    await expect(waiting).rejects.toMatchObject({ name: 'ResultTimeoutError', state: undefined });
    expect(clock.sleptMs.reduce((sum, ms) => sum + ms)).toBe(300_000);
  });

  test('is asked for once with a timeout of nothing', async () => {
    api.answers = [{ state: 'queued' }];
    await expect(handle().result({ timeout: '0s' })).rejects.toThrow(ResultTimeoutError);
    expect(lines()).toHaveLength(1);
  });

  test('is not waited for once the signal is aborted, not even in the middle of an answer', async () => {
    const controller = new AbortController();
    const reason = new Error('the user left');
    api.answers = [{ state: 'running' }, () => undefined];
    const waiting = handle().result({ signal: controller.signal });
    await until(() => api.requests.length === 2);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(handle().result({ signal: controller.signal })).rejects.toBe(reason);
  });

  test('is not waited for once the signal is aborted between two answers', async () => {
    const controller = new AbortController();
    api.answers = [json(200, statusOf({ state: 'running' }), { 'retry-after': '30' })];
    const { client } = snsOf(allSuccessful);
    const real = createPublisher<TestJobs>({ topicArn, client, apiUrl: api.url, ...unsigned });
    const waiting = real.handle('GreetingJob', 'order-7').result({ signal: controller.signal });
    await until(() => api.requests.length === 1);
    controller.abort(new Error('the user left'));
    await expect(waiting).rejects.toThrow('the user left');
  });
});

describe('an API that fails', () => {
  test('is asked again, after growing waits, when it is its own fault', async () => {
    api.answers = [
      { state: 'running' },
      problem(503, 'Busy'),
      (response) => response.destroy(),
      problem(429, 'Too many'),
      { state: 'running' },
      problem(500, 'Broken'),
      { state: 'succeeded', result: 1 },
    ];
    const clock = sleepingClock();
    expect(await handle(clock).result()).toBe(1);
    expect(clock.sleptMs).toEqual([1000, 1000, 2000, 4000, 1000, 1000]);
  });

  test('is given up after five failures in a row', async () => {
    api.answers = [problem(503, 'Busy')];
    const waiting = handle().result();
    await expect(waiting).rejects.toThrow(JobApiError);
    await expect(waiting).rejects.toThrow('HTTP 503: Busy: in other words');
    expect(lines()).toHaveLength(5);
  });

  test.each([
    [401, /HTTP 401: No entry.*lambda:InvokeFunctionUrl.*createPublisher a fetch/],
    [403, /HTTP 403: No entry/],
    [400, /HTTP 400: No entry/],
  ])('is not asked again when it refuses with %i', async (status, message) => {
    api.answers = [problem(status, 'No entry')];
    const waiting = handle().result();
    await expect(waiting).rejects.toThrow(message);
    await expect(waiting).rejects.toMatchObject({ status, jobId: 'order-7' });
    expect(lines()).toHaveLength(1);
  });

  test('says so when what answers is no API', async () => {
    api.answers = [(response) => response.end('<html>')];
    await expect(handle().status()).rejects.toThrow('its answer is no status: check apiUrl');
  });

  test('says what is wrong when nobody listens', async () => {
    const gone = await startApi();
    await gone.close();
    const waiting = publisher({ ...unsigned, apiUrl: gone.url }).handle('GreetingJob', 'order-7');
    await expect(waiting.status()).rejects.toThrow(/could not be reached: .*ECONNREFUSED/);
    await expect(waiting.status()).rejects.toMatchObject({ status: undefined, cause: expect.any(Object) });
  });
});

describe('a handle', () => {
  test('gives the status, or undefined for a job that nobody knows', async () => {
    api.answers = [{ state: 'running', attempt: 2 }, unknown];
    expect(await handle().status()).toMatchObject({ jobId: 'order-7', state: 'running', attempt: 2 });
    expect(await handle().status()).toBeUndefined();
  });

  test('cancels, and gives the state after it', async () => {
    api.answers = [{ state: 'cancelled' }, unknown];
    expect(await handle().cancel()).toMatchObject({ state: 'cancelled' });
    expect(await handle().cancel()).toBeUndefined();
    const published = await publisher().publish('GreetingJob', { friendName: 'Hank' }, { jobId: 'order-7' });
    await published.cancel();
    expect(lines()).toEqual(Array(3).fill('DELETE /jobs/order-7?jobName=GreetingJob'));
  });

  test('leaves a job that has ended what it is', async () => {
    api.answers = [problem(409, 'It has ended'), { state: 'succeeded' }];
    expect(await handle().cancel()).toMatchObject({ state: 'succeeded' });
    expect(lines()).toEqual(['DELETE /jobs/order-7?jobName=GreetingJob', 'GET /jobs/order-7']);
  });

  test('downloads the file that the job made', async () => {
    const s3 = await startApi();
    s3.answers = [(response) => response.setHeader('content-type', 'application/pdf').end('%PDF-1.7')];
    api.answers = [
      (response) => response.writeHead(303, { location: `${s3.url}/file` }).end(),
      problem(409, 'Not ended'),
    ];
    const file = await handle().download();
    expect(file.headers.get('content-type')).toBe('application/pdf');
    expect(await file.text()).toBe('%PDF-1.7');
    await s3.close();
    await expect(handle().download()).rejects.toThrow('HTTP 409: Not ended');
  });

  test('writes any ID safely into a path', async () => {
    api.answers = [{ state: 'queued' }];
    await publisher({ ...unsigned, apiUrl: `${api.url}/stage/` })
      .handle('GreetingJob', '../a b?c#d/ü')
      .status();
    expect(lines()).toEqual(['GET /stage/jobs/..%2Fa%20b%3Fc%23d%2F%C3%BC']);
  });

  test('needs the API: without apiUrl the error names the option, and publishing works all the same', async () => {
    const published = await publisher({ apiUrl: undefined }).publish('GreetingJob', { friendName: 'Hank' });
    for (const asking of [published.status(), published.result(), published.cancel(), published.download()]) {
      await expect(asking).rejects.toThrow(NoApiUrlError);
      await expect(asking).rejects.toThrow(/give createPublisher an apiUrl, the stack's output ApiUrl/);
    }
  });

  test.each(['', 'jobs.example.com', 'ftp://jobs.example.com'])('is refused %j as apiUrl', (apiUrl) => {
    expect(() => publisher({ apiUrl })).toThrow(PublishError);
    expect(() => publisher({ apiUrl })).toThrow(/apiUrl must be an HTTP URL/);
  });
});

describe('requests to the API', () => {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' };
  const client = new SNSClient({ region: 'eu-west-1', credentials });
  const now = new Date(Date.UTC(2026, 10, 21));

  test('are signed for IAM with the SNS client’s credentials', async () => {
    api.answers = [{ state: 'running' }];
    await publisher({ client }).handle('GreetingJob', 'a b').status();
    const url = new URL(`${api.url}/jobs/a%20b`);
    const expected = signedHeaders(
      { method: 'GET', url, headers: { accept: 'application/json' }, body: '' },
      { service: 'lambda', region: 'eu-west-1', credentials, now },
    );
    expect(api.requests[0]?.headers).toMatchObject(expected);
  });

  test.each([
    ['https://abc.lambda-url.eu-central-1.on.aws', 'eu-central-1/lambda'],
    ['https://abc.execute-api.us-east-2.amazonaws.com', 'us-east-2/execute-api'],
    ['https://abc.execute-api.cn-north-1.amazonaws.com.cn', 'cn-north-1/execute-api'],
    ['https://jobs.example.com', 'eu-west-1/lambda'],
    ['http://127.0.0.1:4102', 'eu-west-1/lambda'],
  ])('to %s are signed for %s', async (url, scope) => {
    const authorizations: string[] = [];
    const given = globalThis.fetch;
    globalThis.fetch = async (_url, init) => {
      authorizations.push(new Headers(init?.headers).get('authorization') ?? '');
      return new Response('{}');
    };
    try {
      await signedFetch(client, sleepingClock())(url, { method: 'GET', headers: {} });
    } finally {
      globalThis.fetch = given;
    }
    expect(authorizations[0]).toContain(`Credential=AKID/20261121/${scope}/aws4_request,`);
  });
});
