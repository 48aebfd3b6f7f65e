import { describe, expect, test } from '@jest/globals';
import {
  type ApiFixture,
  apiFixture,
  type Init,
  problemIn,
  scheduled,
  signer,
  tokenOf,
} from './apiFixture.ts';

const greeting = { friendName: 'Hank' };
const file = { name: 'a.txt', contentType: 'text/plain', bytes: 10 };
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

/** What is asked for, the status and the problem's kind, and what else it says. */
type BadRequest = [what: string, path: string, init: Init, status: number, kind: string, more?: object];

const badSchedules: BadRequest[] = [
  [
    'an unknown job',
    '/jobs/NopeJob',
    { body: greeting },
    404,
    'unknown-job',
    { jobs: ['GreetingJob', 'DocumentJob', 'AnyJob'] },
  ],
  ['a job named like an object’s own property', '/jobs/constructor', { body: greeting }, 404, 'unknown-job'],
  [
    'no body',
    '/jobs/GreetingJob',
    { method: 'POST', headers: { 'content-type': 'application/json' } },
    400,
    'malformed-json',
  ],
  ['no JSON', '/jobs/GreetingJob', { body: '{friendName:' }, 400, 'malformed-json'],
  ['no UTF-8', '/jobs/GreetingJob', { body: new Uint8Array([0x22, 0xff, 0x22]) }, 400, 'malformed-json'],
  [
    'no content type',
    '/jobs/GreetingJob',
    { body: greeting, headers: { 'content-type': '' } },
    415,
    'unsupported-content-type',
  ],
  [
    'a form',
    '/jobs/GreetingJob',
    { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported-content-type',
    { allowed: ['application/json'] },
  ],
  [
    'nearly JSON',
    '/jobs/GreetingJob',
    { body: greeting, headers: { 'content-type': 'application/jsonp' } },
    415,
    'unsupported-content-type',
  ],
  [
    'a missing member',
    '/jobs/GreetingJob',
    { body: {} },
    422,
    'invalid-body',
    { errors: [{ path: '/friendName', message: 'is missing' }] },
  ],
  [
    'several faults',
    '/jobs/GreetingJob',
    {
      body: {
        friendName: '',
        age: -1,
        gifts: [
          { name: 'a', price: 1 },
          { name: 2, prize: 1 },
        ],
      },
    },
    422,
    'invalid-body',
    {
      errors: [
        { path: '/friendName', message: 'must have at least 1 characters, has 0' },
        { path: '/age', message: 'must be at least 0' },
        { path: '/gifts/1/price', message: 'is missing' },
        { path: '/gifts/1/name', message: 'must be string, is number' },
        { path: '/gifts/1/prize', message: 'is not known here: remove it' },
      ],
    },
  ],
  [
    'another type',
    '/jobs/GreetingJob',
    { body: [] },
    422,
    'invalid-body',
    { errors: [{ path: '', message: 'must be object, is array' }] },
  ],
  [
    'an abyss',
    '/jobs/AnyJob',
    { body: deep },
    422,
    'invalid-body',
    { errors: [{ path: '', message: 'is nested too deeply' }] },
  ],
  [
    'more than Lambda takes',
    '/jobs/AnyJob',
    { body: `"${'x'.repeat(6 * 1024 * 1024)}"` },
    413,
    'too-large',
    { maxBytes: 6 * 1024 * 1024 },
  ],
  ...['', 'a b', 'ä', 'x'.repeat(256)].map(
    (key): BadRequest => [
      `the Idempotency-Key ${JSON.stringify(key.slice(0, 9))}`,
      '/jobs/GreetingJob',
      { body: greeting, headers: { 'idempotency-key': key } },
      400,
      'malformed-idempotency-key',
    ],
  ),
];

const badUploads: BadRequest[] = [
  ['uploads of an unknown job', '/jobs/NopeJob/uploads', { body: file }, 404, 'unknown-job'],
  ['uploads of a job without', '/jobs/GreetingJob/uploads', { body: file }, 404, 'no-uploads'],
  [
    'another content type',
    '/jobs/DocumentJob/uploads',
    { body: { ...file, contentType: 'text/html' } },
    415,
    'unsupported-content-type',
    { allowed: ['text/plain', 'text/csv'] },
  ],
  [
    'a content type with a parameter',
    '/jobs/DocumentJob/uploads',
    { body: { ...file, contentType: 'text/plain; x=y' } },
    415,
    'unsupported-content-type',
  ],
  [
    'too large a file',
    '/jobs/DocumentJob/uploads',
    { body: { ...file, bytes: 1001 } },
    413,
    'too-large',
    { maxBytes: 1000 },
  ],
  [
    'an empty file',
    '/jobs/DocumentJob/uploads',
    { body: { ...file, bytes: 0 } },
    422,
    'invalid-body',
    { errors: [{ path: '/bytes', message: 'must be at least 1' }] },
  ],
  ['half a byte', '/jobs/DocumentJob/uploads', { body: { ...file, bytes: 1.5 } }, 422, 'invalid-body'],
  [
    'no name',
    '/jobs/DocumentJob/uploads',
    { body: { ...file, name: undefined } },
    422,
    'invalid-body',
    { errors: [{ path: '/name', message: 'is missing' }] },
  ],
  [
    'another member',
    '/jobs/DocumentJob/uploads',
    { body: { ...file, key: 'results/x' } },
    422,
    'invalid-body',
    { errors: [{ path: '/key', message: 'is not known here: remove it' }] },
  ],
  ...[
    '../secret.txt',
    '..\\secret.txt',
    '/etc/passwd',
    'a/b.txt',
    '..',
    '.',
    '',
    ' ',
    'a\0.txt',
    'a\r\nb.txt',
    '\ud800.txt',
  ].map(
    (name): BadRequest => [
      `the file name ${JSON.stringify(name)}`,
      '/jobs/DocumentJob/uploads',
      { body: { ...file, name } },
      422,
      'invalid-body',
    ],
  ),
];

const badReads: BadRequest[] = [
  ['an unknown jobId', '/jobs/nope', {}, 404, 'unknown-job-id'],
  ['an unknown jobId’s events', '/jobs/nope/events', {}, 404, 'unknown-job-id'],
  ['an unknown jobId’s result', '/jobs/nope/result', {}, 404, 'unknown-job-id'],
  ['to cancel an unknown jobId', '/jobs/nope', { method: 'DELETE' }, 404, 'unknown-job-id'],
  ['a jobId of 513 characters', `/jobs/${'x'.repeat(513)}`, {}, 400, 'malformed-job-id'],
  ['a jobId with a control character', '/jobs/a%00b', {}, 400, 'malformed-job-id'],
  ['a jobId with a line break', '/jobs/a%0d%0ab/result', {}, 400, 'malformed-job-id'],
  ['a path in place of a jobId', '/jobs/..%2f..%2fetc', {}, 404, 'unknown-job-id'],
  [
    'a list without jobName',
    '/jobs',
    {},
    400,
    'invalid-parameters',
    { errors: [{ parameter: 'jobName', message: 'is missing: jobs are listed by their name' }] },
  ],
  ['a list of an unknown job', '/jobs?jobName=NopeJob', {}, 404, 'unknown-job'],
  [
    'a list by nonsense',
    '/jobs?jobName=AnyJob&status=lost&limit=101&cursor=&order=up',
    {},
    400,
    'invalid-parameters',
    {
      errors: ['order', 'status', 'limit', 'cursor'].map((parameter) => ({
        parameter,
        message: expect.any(String),
      })),
    },
  ],
  ['a list with a parameter twice', '/jobs?jobName=AnyJob&limit=1&limit=2', {}, 400, 'invalid-parameters'],
  ['a list of no jobs a page', '/jobs?jobName=AnyJob&limit=0', {}, 400, 'invalid-parameters'],
  ['another address', '/nope', {}, 404, 'not-found'],
  ['the root', '/', {}, 404, 'not-found'],
  ['a page that is not there', '/pages/nope', {}, 404, 'not-found'],
  ...[
    '..%2fmemoryStore.ts',
    '%2e%2e%2fapiFixture.ts',
    '..%5capiFixture.ts',
    '%2fetc%2fpasswd',
    'upload.html%00.js',
    'notes.md',
    'folder',
  ].map((page): BadRequest => [`the page ${page}`, `/pages/${page}`, {}, 404, 'not-found']),
  ['another method', '/jobs/nope', { method: 'PATCH' }, 405, 'method-not-allowed'],
  ['to post to the list', '/jobs', { body: greeting }, 405, 'method-not-allowed'],
];

describe.each([...badSchedules, ...badUploads, ...badReads])(
  '%s',
  (_what, path, init, status, kind, more = {}) => {
    test(`is ${status} ${kind}, and nothing is stored or published`, async () => {
      const api = apiFixture();
      const response = await api.request(path, init);
      expect(response.status).toBe(status);
      expect(await problemIn(response)).toMatchObject({ type: `/problems/${kind}`, ...more });
      expectNothingDone(api);
      expect(api.logged.filter(({ message }) => message !== 'answered')).toEqual([]);
    });
  },
);

const routes: [string, Init][] = [
  ['/jobs/GreetingJob', { body: greeting }],
  ['/jobs/DocumentJob/uploads', { body: file }],
  ['/jobs?jobName=GreetingJob', {}],
  ['/jobs/any', {}],
  ['/jobs/any', { method: 'DELETE' }],
  ['/jobs/any/events', {}],
  ['/jobs/any/result', {}],
  ['/openapi.json', {}],
  ['/pages/upload', {}],
  ['/nope', {}],
  ['/jobs/any', { method: 'PUT' }],
];

describe.each(routes)('%s %j', (path, init) => {
  test.each([
    ['iam', 'nobody', {}, 401, 'AWS4-HMAC-SHA256'],
    ['iam', 'a token', tokenOf('ida'), 401, 'AWS4-HMAC-SHA256'],
    [
      'iam',
      'an empty authorizer',
      { requestContext: { authorizer: { iam: null } } },
      401,
      'AWS4-HMAC-SHA256',
    ],
    ['jwt', 'nobody', {}, 401, 'Bearer'],
    ['jwt', 'a signature', signer, 401, 'Bearer'],
    ['jwt', 'a token without a subject', tokenOf(undefined), 403, null],
    ['jwt', 'a token with an empty subject', tokenOf(''), 403, null],
    ['jwt', 'a token with a list of subjects', tokenOf(['ida']), 403, null],
  ] as const)('with %s, is closed to %s', async (auth, _who, caller, status, challenge) => {
    const api = apiFixture({ auth });
    const response = await api.request(path, { ...init, caller });
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toBe(challenge);
    await problemIn(response);
    expectNothingDone(api);
  });
});

describe('an error of the API itself', () => {
  test('tells the caller nothing, and the log everything but the payload and the token', async () => {
    const secret = new Error('table jobs-dev-status at 10.0.0.7');
    const api = apiFixture({
      store: { ...apiFixture().store, queue: () => Promise.reject(secret) },
    });
    const headers = { authorization: 'Bearer secret-token' };
    const response = await api.request('/jobs/GreetingJob', { body: { friendName: 'Secret Hank' }, headers });
    expect(response.status).toBe(500);
    const text = JSON.stringify(await problemIn(response));
    expect(text).not.toMatch(/10\.0\.0\.7|Hank|at /);
    expect(api.logged).toContainEqual({
      message: 'The API failed to answer; its log says why.',
      fields: { method: 'POST', route: '/jobs/:jobName', error: secret },
    });
    expect(JSON.stringify(api.logged)).not.toMatch(/Hank|secret-token/);
  });

  test('that AWS may get over is 503, and says when to try again', async () => {
    const throttled = Object.assign(new Error('slow down'), {
      name: 'ThrottlingException',
      $fault: 'client',
    });
    const api = apiFixture({ store: { ...apiFixture().store, get: () => Promise.reject(throttled) } });
    const response = await api.request('/jobs/any');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await problemIn(response)).toMatchObject({ type: '/problems/unavailable' });
  });
});

describe('every answer', () => {
  test('forbids sniffing, framing and storing', async () => {
    const api = apiFixture();
    const jobId = await scheduled(api);
    for (const path of ['/nope', `/jobs/${jobId}/result`, '/jobs?jobName=AnyJob']) {
      const { headers } = await api.request(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
  });

  test('to a wrong method names the right ones', async () => {
    const response = await apiFixture().request('/jobs/any', { method: 'PUT' });
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(['DELETE', 'GET', 'HEAD', 'POST']);
  });
});

function expectNothingDone(api: ApiFixture): void {
  expect(api.store.size).toBe(0);
  expect(api.published).toEqual([]);
  expect(api.uploads).toEqual([]);
}

test('a preflight that the host hands on is not turned away, and does nothing', async () => {
  const fixture = apiFixture({ auth: 'jwt' });
  const response = await fixture.request('/jobs/GreetingJob', { method: 'OPTIONS', caller: {} });
  expect([response.status, await response.text()]).toEqual([204, '']);
});
