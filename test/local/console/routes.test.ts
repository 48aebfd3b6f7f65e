import { afterEach, describe, expect, test } from '@jest/globals';
import { EngineError } from '../../../local/aws/engine/errors.ts';
import { startFeed } from '../../../local/console/feed.ts';
import { consoleRoutes } from '../../../local/console/routes.ts';
import { hostile, standInPlatform } from './platform.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const host = '127.0.0.1:4101';
const ownPage = { host, origin: `http://${host}`, 'content-type': 'application/json' };

async function start(platform = standInPlatform()) {
  const feed = await startFeed(platform);
  cleanups.push(() => feed.stop());
  const routes = await consoleRoutes({ platform, feed, port: () => 4101 });
  return {
    platform,
    get: (path: string, headers: Record<string, string> = {}) =>
      routes.request(path, { headers: { host, ...headers } }),
    post: (body: unknown, headers: Record<string, string> = ownPage) =>
      routes.request('/api/publish', {
        method: 'POST',
        headers,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the route
async function json(answer: Response | Promise<Response>): Promise<any> {
  return (await answer).json();
}

const greeting = { jobName: 'GreetingJob', payload: { friendName: 'Hank' } };

describe('the page', () => {
  test('comes with its files, and loads nothing from elsewhere', async () => {
    const { get } = await start();
    const page = await get('/');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await page.text();
    const addresses = [...html.matchAll(/(?:src|href)="([^"#][^"]*)"/g)].map(([, address]) => address ?? '');
    expect(addresses).toContain('/app/main.js');
    for (const address of addresses) expect((await get(address)).status).toBe(200);
    expect(html).not.toMatch(/https?:|<script>|style=|onclick/);
  });

  test('every module that a module imports is served, as JavaScript', async () => {
    const { get } = await start();
    const seen = new Set(['main.js']);
    for (const name of seen) {
      const file = await get(`/app/${name}`);
      expect([name, file.status, file.headers.get('content-type')]).toEqual([
        name,
        200,
        'text/javascript; charset=utf-8',
      ]);
      for (const [, imported] of (await file.text()).matchAll(/from '\.\/([^']+)'/g))
        seen.add(imported ?? '');
    }
    expect(seen.size).toBeGreaterThan(10);
  });

  test.each([
    '/app/../server.ts',
    '/app/%2e%2e%2fserver.ts',
    '/app/..%2fserver.ts',
    '/app//etc/passwd',
    '/app/tsconfig.json',
    '/app/__proto__',
    '/app/%zz',
    '/app/',
    '/package.json',
  ])('%s is not there', async (path) => {
    const { get } = await start();
    expect((await get(path)).status).toBe(404);
  });
});

describe('only this machine', () => {
  test.each(['127.0.0.1:4101', 'localhost:4101', 'LOCALHOST:4101', '[::1]:4101'])(
    'Host %s is let in',
    async (name) => {
      const { get } = await start();
      expect((await get('/', { host: name })).status).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'evil.example:4101',
    '127.0.0.1',
    '127.0.0.1:4102',
    'localhost.evil.example:4101',
    '',
  ])('Host %s is refused everywhere', async (name) => {
    const { get, post, platform } = await start();
    for (const path of ['/', '/app/main.js', '/api/snapshot', '/api/events']) {
      expect((await get(path, { host: name })).status).toBe(421);
    }
    const answer = await post(greeting, { ...ownPage, host: name, origin: `http://${name}` });
    expect(answer.status).toBe(421);
    expect(platform.published).toEqual([]);
  });

  test.each(['cross-site', 'same-site'])('a page that is %s gets nothing from the API', async (site) => {
    const { get } = await start();
    for (const path of ['/api/snapshot', '/api/events', '/api/mails/2026-11-21-alarm']) {
      expect((await get(path, { 'sec-fetch-site': site })).status).toBe(403);
    }
    expect((await get('/api/snapshot', { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  test.each<[string, Record<string, string>, number]>([
    ['its own origin', ownPage, 200],
    [
      'its own origin as localhost',
      { ...ownPage, host: 'localhost:4101', origin: 'http://localhost:4101' },
      200,
    ],
    [
      'no origin, fetched by its own page',
      { host, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json; charset=utf-8' },
      200,
    ],
    ['another origin', { ...ownPage, origin: 'https://evil.example' }, 403],
    ['another port of this machine', { ...ownPage, origin: 'http://127.0.0.1:8080' }, 403],
    ['the other loopback name', { ...ownPage, origin: 'http://localhost:4101' }, 403],
    ['an opaque origin', { ...ownPage, origin: 'null' }, 403],
    ['no origin at all', { host, 'content-type': 'application/json' }, 403],
    ['a form', { ...ownPage, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text', { ...ownPage, 'content-type': 'text/plain' }, 415],
    ['text with json in it', { ...ownPage, 'content-type': 'text/plain; application/json' }, 415],
  ])('a post with %s', async (_, headers, status) => {
    const { post, platform } = await start();
    expect((await post(greeting, headers)).status).toBe(status);
    expect(platform.published).toHaveLength(status === 200 ? 1 : 0);
  });

  test('every answer carries the headers, refusals too', async () => {
    const { get, post } = await start();
    const answers = [await get('/'), await get('/nowhere'), await get('/', { host: 'x' }), await post('{')];
    for (const { headers } of answers) {
      const policy = headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('POST /api/publish', () => {
  test('publishes as often as asked, with attributes', async () => {
    const { post, platform } = await start();
    const answer = await post({ ...greeting, attributes: { tenant: 'acme' }, count: 45 });
    expect(await answer.json()).toEqual({ published: 45, messageId: 'message-1' });
    expect(platform.published).toHaveLength(45);
    expect(platform.published[44]).toEqual({ ...greeting, attributes: { tenant: 'acme' } });
  });

  test.each([null, 0, '', false, [], 'text', { ['__proto__']: 1 }])(
    'takes the payload %j as it is',
    async (payload) => {
      const { post, platform } = await start();
      expect((await post({ jobName: 'AnyName', payload })).status).toBe(200);
      expect(JSON.stringify(platform.published[0]?.payload)).toBe(JSON.stringify(payload));
    },
  );

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{"jobName":', /not JSON/],
    ['no object', '[]', /must be a JSON object/],
    ['null', 'null', /must be a JSON object/],
    ['no job name', { payload: 1 }, /jobName must be a text/],
    ['a job name that is no text', { jobName: 7, payload: 1 }, /jobName must be a text.*got 7/],
    ['no payload', { jobName: 'A' }, /payload is missing/],
    ['count 0', { ...greeting, count: 0 }, /from 1 to 1000, got 0/],
    ['count 1001', { ...greeting, count: 1001 }, /from 1 to 1000, got 1001/],
    ['count 1.5', { ...greeting, count: 1.5 }, /got 1.5/],
    ['count as text', { ...greeting, count: '2' }, /got "2"/],
    ['attributes as a list', { ...greeting, attributes: ['a'] }, /attributes must be an object/],
    [
      'an attribute that is no text',
      { ...greeting, attributes: { a: 1 } },
      /attribute a must be a text.*got 1/,
    ],
    ['an empty attribute', { ...greeting, attributes: { a: '' } }, /attribute a must be a text/],
    [
      'jobName twice',
      { ...greeting, attributes: { jobName: 'B' } },
      /Give the attribute jobName in the field jobName/,
    ],
    [
      'ten attributes',
      { ...greeting, attributes: Object.fromEntries([...'abcdefghij'].map((a) => [a, a])) },
      /At most 9.*got 10/,
    ],
  ])('%s is refused, and nothing published', async (_, body, error) => {
    const { post, platform } = await start();
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect((await json(answer)).error).toMatch(error);
    expect(platform.published).toEqual([]);
  });

  test('a body above the limit is refused unread', async () => {
    const { post, platform } = await start();
    const answer = await post({ jobName: 'A', payload: 'x'.repeat(600 * 1024) });
    expect(answer.status).toBe(413);
    expect((await json(answer)).error).toMatch(/512 KiB/);
    expect(platform.published).toEqual([]);
  });

  test('tells why the engine refused', async () => {
    const { post, platform } = await start();
    platform.refuse = new EngineError('InvalidParameter', 'SNS Publish: Message too long');
    const answer = await post(greeting);
    expect([answer.status, await answer.json()]).toEqual([400, { error: 'SNS Publish: Message too long' }]);
  });

  test('tells how many went out before one was refused', async () => {
    const { post, platform } = await start();
    const publish = platform.publish;
    platform.publish = async (message) => {
      if (platform.published.length >= 30) throw new EngineError('InternalError', 'no more.');
      return publish(message);
    };
    const answer = await post({ ...greeting, count: 100 });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: 'no more. 30 were published before.', published: 30 },
    ]);
  });

  test('other methods find nothing', async () => {
    const { get } = await start();
    expect((await get('/api/publish')).status).toBe(404);
  });
});

describe('what there is to see', () => {
  test('the snapshot: the view and the log lines', async () => {
    const { get, platform } = await start();
    platform.log('hello');
    const { view, lines } = await json(get('/api/snapshot'));
    expect(view.jobs.map(({ name }: { name: string }) => name)).toEqual(['GreetingJob', 'PushupsJob']);
    expect(view.alarms.map(({ queueName }: { queueName: string }) => queueName)).toEqual([
      'jobs-dev-GreetingJob',
      'jobs-dev-GreetingJob',
      'jobs-dev-unrouted',
    ]);
    expect(lines).toMatchObject([{ functionName: 'jobs-dev-GreetingJob', text: 'hello' }]);
  });

  test('an alarm that only scales a service is scaling, not up', async () => {
    const { get, platform } = await start();
    const [alarm] = platform.state.alarms;
    if (!alarm) throw new Error('there is none');
    const isUp = { ...alarm, name: 'jobs-dev-GreetingJob-idle', scales: true, state: 'ALARM' as const };
    platform.state = { ...platform.state, alarms: [isUp] };
    platform.emit({ type: 'alarm', transition: { ...isUp, before: 'OK', reason: 'nothing to do' } });
    platform.emit({ type: 'alarm', transition: { ...isUp, state: 'OK', before: 'ALARM' } });
    const { view, lines } = await json(get('/api/snapshot'));
    expect(view.alarms).toMatchObject([{ state: 'SCALING' }]);
    expect(lines).toMatchObject([
      { level: 'INFO', text: 'Scaling by alarm jobs-dev-GreetingJob-idle: nothing to do' },
    ]);
  });

  test('a mail by its ID, and nothing else', async () => {
    const { get } = await start();
    const mail = await json(get('/api/mails/2026-11-21-alarm'));
    expect(mail).toMatchObject({
      to: 'dev@localhost',
      subject: `ALARM: ${hostile}`,
      text: expect.stringContaining(hostile),
    });
    for (const id of [
      'x',
      '..',
      '%2e%2e%2f2026-11-21-alarm',
      '%2fetc%2fpasswd',
      '%zz',
      '2026-11-21-alarm.eml',
    ]) {
      expect([id, (await get(`/api/mails/${id}`)).status]).toEqual([id, 404]);
    }
  });

  test('a dead letter: its payload out of the envelope, its attributes, its reason', async () => {
    const { get } = await start();
    const answer = await json(get('/api/queues/jobs-dev-GreetingJob-dead-letters/messages'));
    expect(answer.total).toBe(1);
    expect(answer.messages[0]).toMatchObject({
      messageId: 'dead-1',
      state: 'waiting',
      receiveCount: 5,
      payload: JSON.stringify({ friendName: hostile }),
      attributes: { jobName: 'GreetingJob' },
      reason: { name: 'TypeError', message: hostile, attempts: 5, jobId: 'job-7' },
      movedByRedrivePolicy: false,
    });
  });

  test('a dead letter that the redrive policy moved is told from one that died of its reason', async () => {
    const { get, platform } = await start();
    platform.deadMessage = { ...platform.deadMessage, deadLetterSourceArn: 'arn:aws:sqs:us-east-1:0:q' };
    const answer = await json(get('/api/queues/jobs-dev-GreetingJob-dead-letters/messages'));
    expect(answer.messages[0]).toMatchObject({ movedByRedrivePolicy: true, reason: { name: 'TypeError' } });
  });

  test('only the queues of the platform can be looked into', async () => {
    const { get } = await start();
    expect((await get('/api/queues/jobs-dev-unrouted/messages')).status).toBe(200);
    for (const name of ['other', '__proto__', '..%2fjobs-dev-unrouted', '%zz']) {
      expect([name, (await get(`/api/queues/${name}/messages`)).status]).toEqual([name, 404]);
    }
  });

  test('a platform that fails is answered for, without its inner words', async () => {
    const { get, platform } = await start();
    const warnings: unknown[] = [];
    const { emitWarning } = process;
    process.emitWarning = (warning: unknown) => void warnings.push(warning);
    cleanups.push(() => Object.assign(process, { emitWarning }));
    platform.snapshot = async () => {
      throw new Error('inner words');
    };
    const answer = await get('/api/snapshot');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('inner words');
    expect(warnings).toEqual([expect.stringContaining('inner words')]);
  });
});
