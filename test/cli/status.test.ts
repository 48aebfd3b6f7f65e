import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { runProgram } from '../../cli/program.ts';
import { statusText } from '../../cli/status/statusText.ts';
import { startView } from '../../cli/status/watch.ts';
import { problemKinds } from '../../src/api/problem.ts';
import type { JobStatus } from '../../src/job/jobStatus.ts';
import { type ServedPages, servePages } from '../pages/servedPages.ts';
import { statusOf } from '../src/publisher/testApi.ts';
import { startJobs } from './dlqPlatform.ts';
import { type Ended, runJobs, runJobsProcess, startDirectory } from './jobsCommand.ts';

const createdAt = '2026-11-21T00:00:00.000Z';
let api: ServedPages;
let directory: Awaited<ReturnType<typeof startDirectory>>;

beforeAll(async () => {
  api = await servePages();
  api.api.clock.nowMs = Date.now();
  const queues = { queueUrl: 'http://127.0.0.1/0/queue', deadLetterQueueUrl: null };
  directory = await startDirectory({
    // Of what a platform has, only its API is asked.
    endpoint: api.url,
    region: 'eu-west-1',
    topicArn: 'arn:aws:sns:eu-west-1:000000000000:jobs-dev',
    speed: 1,
    jobs: { DocumentJob: queues, GreetingJob: queues, UntrackedJob: queues },
    apiUrl: `${api.url}/`,
  });
});
beforeEach(() => {
  api.requests.length = 0;
  api.fault = undefined;
  api.s3Fault = undefined;
});
afterAll(async () => {
  await Promise.all([directory.remove(), api.close()]);
});

const jobs = (...words: string[]): Promise<Ended> => runJobs(directory.path, words);
const store = () => api.api.store;

async function queued(jobId: string, jobName = 'DocumentJob'): Promise<void> {
  await store().queue({ jobId, jobName, maxAttempts: 3 });
}

describe('status of a job', () => {
  test('says where it is, how far, and what it has been through', async () => {
    await queued('order-7');
    const startedAt = new Date().toISOString();
    const progress = { fraction: 0.5, text: 'rendered 5 of 10\u001b[2J pages', at: startedAt };
    store().change('order-7', { state: 'running', attempt: 1, startedAt, progress });
    const { code, stdout, stderr } = await jobs('status', 'order-7');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'DocumentJob order-7',
      expect.stringMatching(/^ {2}state {4}running, attempt 1 of 3, since \d+s$/),
      '  progress ████████████░░░░░░░░░░░░ 50 %: rendered 5 of 10 pages',
      expect.stringMatching(/^ {2}history {2}20\S+Z {2}queued$/),
      expect.stringMatching(/^ {11}20\S+Z {2}running$/),
      '',
    ]);
    expect(api.requests).toEqual([
      {
        line: 'GET /jobs/order-7',
        token: expect.stringMatching(/Credential=local\/\d+\/eu-west-1\/lambda\//),
      },
    ]);
  });

  test('shows a result, a file by where it is, and one that is too large to show by its size', async () => {
    await Promise.all(['value', 'file', 'large', 'nothing'].map((jobId) => queued(jobId)));
    const file = {
      key: 'results/DocumentJob/file/a.pdf',
      name: 'a.pdf',
      contentType: 'text/plain',
      bytes: 2345,
    };
    store().change('value', { state: 'succeeded', result: { pages: 3 } });
    store().change('file', { state: 'succeeded', result: { file } });
    store().change('large', { state: 'succeeded', resultKey: 'results/DocumentJob/large.json' });
    store().change('nothing', { state: 'succeeded' });
    api.s3Fault = (_, answer) =>
      answer.writeHead(200, { 'content-length': 250_000 }).end(Buffer.alloc(250_000));
    const [value, aFile, large, nothing] = await Promise.all(
      ['value', 'file', 'large', 'nothing'].map((jobId) => jobs('status', jobId)),
    );
    expect(value?.stdout).toContain('  result   {\n             "pages": 3\n           }\n');
    expect(aFile?.stdout).toContain(
      `  result   a.pdf (text/plain, 2,345 bytes): ${api.url}/jobs/file/result\n`,
    );
    expect(large?.stdout).toMatch(/ {2}result {3}a value of 250,000 bytes: http:\S+\/jobs\/large\/result\n/);
    expect(nothing?.stdout).not.toContain('result');
  });

  test('that nobody knows ends with 1', async () => {
    expect(await jobs('status', 'order 0')).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^nothing is known of "order 0": its first attempt has not begun, it is delayed \(.*schedules list/,
      ),
    });
  });

  test('is asked for with the token of the environment, where there is one; as JSON it is what the API answers', async () => {
    await queued('order-9');
    const words = ['status', 'order-9', '--json'];
    const { ended, output } = startJobs(directory.path, words, { JOB_API_TOKEN: 'a.b.c' });
    expect(await ended).toBe(0);
    expect(JSON.parse(output.stdout)).toMatchObject({ jobId: 'order-9', links: { self: '/jobs/order-9' } });
    expect(api.requests).toEqual([{ line: 'GET /jobs/order-9', token: 'Bearer a.b.c' }]);
  });

  test.each([
    [
      403,
      /^error: the API of the local platform refused your credentials .*InvokeFunctionUrl.*JOB_API_TOKEN\n$/,
    ],
    [500, /^error: asking the API about order-7 failed: HTTP 500: It broke: some where\n$/],
  ])('ends with 1 and one line when the API answers %d', async (status, message) => {
    api.fault = (_, answer) => {
      answer.writeHead(status).end(JSON.stringify({ title: 'It broke', detail: 'some\nwhere' }));
      return true;
    };
    const { code, stdout, stderr } = await jobs('status', 'order-7');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

/** In place of what the API answers, which is a second at least. */
function askAgainSoon(answer: ServerResponse): void {
  const writeHead = answer.writeHead.bind(answer);
  const soon = (status: number, headers?: object) => writeHead(status, { ...headers, 'retry-after': '0.01' });
  answer.writeHead = soon as ServerResponse['writeHead'];
}

describe('status --watch', () => {
  test('prints a line for each change, then the end, and exits with 0 when it succeeded', async () => {
    await queued('watched');
    let asked = 0;
    api.fault = (_, answer) => {
      askAgainSoon(answer);
      asked += 1;
      if (asked === 2) store().change('watched', { state: 'running', attempt: 1 });
      if (asked === 3) {
        const progress = { fraction: 0.9, at: createdAt };
        store().change('watched', { state: 'succeeded', result: 42, progress });
      }
      return false;
    };
    const { code, stdout, stderr } = await jobs('status', 'watched', '--watch');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, second, third, ...end] = stdout.split('\n');
    expect([first, second, third]).toEqual([
      expect.stringMatching(/Z {2}queued$/),
      expect.stringMatching(/Z {2}running, attempt 1$/),
      expect.stringMatching(/Z {2}succeeded, attempt 1$/),
    ]);
    expect(end.join('\n')).toMatch(/^\nDocumentJob watched\n {2}state {4}succeeded .*\n {2}result {3}42\n/);
  });

  test('exits with 1 when the job is dead, having waited for it to be known', async () => {
    api.fault = ({ url }, answer) => {
      if (api.requests.length > 1) return false;
      void queued('late').then(() => store().foundDead('late', { name: 'TypeError', message: 'no friend' }));
      askAgainSoon(answer);
      answer.writeHead(url === '/jobs/late' ? problemKinds['unknown-job-id'].status : 500).end('{}');
      return true;
    };
    const { code, stdout, stderr } = await jobs('status', 'late', '--watch', '--json');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^nothing is known of "late"/),
    });
    expect(JSON.parse(stdout)).toMatchObject({ state: 'dead', reason: { message: 'no friend' } });
  });

  test('lives through answers that fail in passing', async () => {
    await queued('flaky');
    store().change('flaky', { state: 'succeeded' });
    api.fault = (_, answer) => {
      if (api.requests.length > 1) return false;
      answer.writeHead(503).end();
      return true;
    };
    expect(await jobs('status', 'flaky', '--watch')).toMatchObject({ code: 0, stderr: '' });
  });

  test('ends with 130 when it is interrupted, and the job goes on', async () => {
    await queued('endless');
    const { child, output, ended } = startJobs(directory.path, ['status', 'endless', '--watch']);
    child.stdout.once('data', () => child.kill('SIGINT'));
    expect(await ended).toBe(130);
    expect(output.stderr).toMatch(/the job goes on/);
    expect(await store().get('endless')).toMatchObject({ state: 'queued' });
  });

  test('redraws the whole status on a terminal, however many lines it had before', () => {
    const terminal = Object.assign(new PassThrough({ encoding: 'utf8' }), {
      isTTY: true,
      columns: 120,
      rows: 30,
    });
    const view = startView('order-7', terminal as unknown as NodeJS.WriteStream, false);
    const running = statusOf({ state: 'running', attempt: 1, history: history('queued', 'running') });
    view.update(undefined);
    view.update(running);
    terminal.read();
    const result = '{\n  "pages": 3\n}';
    view.end({ ...running, state: 'succeeded', history: history('queued', 'running', 'succeeded') }, result);
    const drawn = terminal.read() as string;
    for (const text of ['order-7', 'succeeded', '"pages": 3', 'queued', 'running']) {
      expect(drawn).toContain(text);
    }
  });
});

describe('status --job', () => {
  beforeAll(async () => {
    for (let number = 0; number < 130; number += 1) await queued(`greet-${number}`, 'GreetingJob');
    store().change('greet-0', {
      state: 'dead',
      attempt: 3,
      reason: { name: 'TypeError', message: 'no friend' },
    });
  });

  test('lists the newest, page by page as far as is asked for', async () => {
    const { code, stdout } = await jobs('status', '--job', 'GreetingJob', '--limit', '110');
    const [headings, newest, ...others] = stdout.split('\n');
    expect(code).toBe(0);
    expect(headings).toMatch(/^job +state +attempt +scheduled$/);
    expect(newest).toMatch(/^greet-129 +queued +- +\d+s ago$/);
    expect(others.filter((line) => line.startsWith('greet-'))).toHaveLength(109);
    expect(others.at(-2)).toBe(
      'the newest 110 jobs of GreetingJob on the local platform; --limit shows more',
    );
    expect(api.requests).toHaveLength(2);
  });

  test('finds those in one state, wherever they are in the list, with the reason', async () => {
    const { code, stdout } = await jobs('status', '--job', 'GreetingJob', '--state', 'dead');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\ngreet-0 +dead +3 of 3 +\d+s ago {2}TypeError: no friend\n/);
    expect(stdout).toMatch(/\n1 job of GreetingJob that is dead on the local platform\n$/);
    const asJson = await jobs('status', '--job', 'GreetingJob', '--state', 'cancelled', '--json');
    expect(asJson).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });
});

describe('cancel', () => {
  test('cancels a job that waits, and asks one that runs to stop', async () => {
    await Promise.all([queued('waits'), queued('runs')]);
    store().change('runs', { state: 'running', attempt: 1 });
    expect(await jobs('cancel', 'waits')).toEqual({
      code: 0,
      stdout: 'cancelled DocumentJob waits\n',
      stderr: '',
    });
    const { code, stdout } = await jobs('cancel', 'runs');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^asked DocumentJob runs to stop/),
    });
    expect(await store().get('runs')).toMatchObject({ isCancelRequested: true });
    expect((await jobs('status', 'runs')).stdout).toContain('; asked to stop\n');
  });

  test('ends with 1 for a job that has ended, and for one that nobody knows', async () => {
    await queued('done');
    store().change('done', { state: 'succeeded' });
    expect(await runJobsProcess(directory.path, ['cancel', 'done'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'nothing was cancelled: DocumentJob done is succeeded\n',
    });
    expect(await jobs('cancel', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^nothing was cancelled: nothing is known of "nobody".* add --job NAME.*schedules cancel "nobody"/,
      ),
    });
  });

  test('with its name cancels a job that has not begun, before anything is known of it', async () => {
    expect(await jobs('cancel', 'a/b', '--job', 'DocumentJob')).toEqual({
      code: 0,
      stdout: 'cancelled DocumentJob a/b\n',
      stderr: '',
    });
    expect(await store().get('a/b')).toMatchObject({ state: 'cancelled', jobName: 'DocumentJob' });
    const foreign = await jobs('cancel', 'a/b', '--job', 'GreetingJob');
    const untracked = await jobs('cancel', 'c', '--job', 'UntrackedJob');
    expect([foreign.code, untracked.code]).toEqual([1, 1]);
    expect(foreign.stderr).toMatch(
      /^nothing was cancelled: "a\/b" is not a job of GreetingJob .*another job's/,
    );
    expect(untracked.stderr).toMatch(/UntrackedJob has no track: true/);
    const misspelt = await jobs('cancel', 'c', '--job', 'DocumentJo');
    expect(misspelt).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Did you mean DocumentJob\?\n$/),
    });
  });
});

describe('what cannot be asked ends with 2, and asks nothing', () => {
  test.each<[string, string[], RegExp]>([
    ['neither an ID nor a name', ['status'], /which job\?/],
    ['an ID and a name', ['status', 'order-7', '--job', 'GreetingJob'], /both say what to show/],
    [
      'a state of one job',
      ['status', 'order-7', '--state', 'dead'],
      /--state and --limit choose from a list/,
    ],
    ['a list to watch', ['status', '--job', 'GreetingJob', '--watch'], /--watch follows one job/],
    ['no state', ['status', '--job', 'GreetingJob', '--state', 'ended'], /--state must be one of queued, /],
    ['no ID', ['cancel', ''], /the job ID is empty/],
    [
      'an unknown API',
      ['cancel', 'a', '--topic-arn', 'arn:aws:sns:us-east-1:1:t'],
      /the API of .* is not known/,
    ],
  ])('%s', async (_, words, message) => {
    using printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(await runProgram(words)).toBe(2);
    expect(printed.mock.calls.flat().join()).toMatch(message);
    expect(api.requests).toEqual([]);
  });

  test('a misspelt name', async () => {
    const { code, stderr } = await runJobsProcess(directory.path, ['status', '--job', 'GretingJob']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "error: the local platform has no job 'GretingJob'. Did you mean GreetingJob?\n",
    });
    expect(api.requests).toEqual([]);
  });

  test('a job that is not tracked, as the API says', async () => {
    const { code, stderr } = await jobs('status', '--job', 'UntrackedJob');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^error: nothing is recorded of UntrackedJob: write track: true in /),
    });
  });
});

describe('the state in words', () => {
  const nowMs = Date.parse('2026-11-21T00:10:00.000Z');
  const at = '2026-11-21T00:09:00.000Z';
  test.each<[string, Partial<JobStatus>]>([
    ['queued for 10m: its first attempt has not begun', { state: 'queued' }],
    ['retrying: attempt 3 of 5 in 30s', { state: 'retrying', nextAttemptAt: '2026-11-21T00:10:30.000Z' }],
    ['retrying: attempt 3 of 5 is due', { state: 'retrying', nextAttemptAt: at }],
    ['retrying: attempt 3 of 5 when its message is visible again', { state: 'retrying' }],
    ['dead for 1m, after 2 attempts', { state: 'dead', endedAt: at }],
    ['succeeded 1m ago, in attempt 2 after 9m', { state: 'succeeded', startedAt: createdAt, endedAt: at }],
    ['cancelled 1m ago', { state: 'cancelled', endedAt: at }],
  ])('%s', (text, status) => {
    const shown = statusText(statusOf({ attempt: 2, maxAttempts: 5, ...status }), nowMs);
    expect(shown.split('\n')[1]).toBe(`  state    ${text}`);
  });

  test('of a job that succeeded leaves out how far it last was', () => {
    const progress = { fraction: 0.89, text: 'rendered 8 of 8 pages', at };
    const shown = (state: JobStatus['state']) => statusText(statusOf({ state, progress }), nowMs);
    expect(shown('dead')).toContain('89 %: rendered 8 of 8 pages');
    expect(shown('succeeded')).not.toContain('89 %');
  });

  test('of a dead job comes with the command that shows its dead letter', () => {
    const shown = statusText(statusOf({ state: 'dead' }), nowMs);
    expect(shown).toMatch(/\n {2}next {5}npm run jobs -- dlq show GreetingJob --id order-7$/);
  });
});

function history(...states: JobStatus['state'][]): JobStatus['history'] {
  return states.map((state) => ({ state, at: createdAt }));
}
