import { readFile } from 'node:fs/promises';
import { type Context, Hono, type MiddlewareHandler, type Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { EngineError } from '../aws/engine/errors.ts';
import { NotPublishedError } from '../platform/jobs.ts';
import type { Platform } from '../platform/platform.ts';
import { streamEvents } from './events.ts';
import type { Feed } from './feed.ts';
import {
  PartlyPublishedError,
  PublishRequestError,
  parsePublishRequest,
  publishAll,
} from './publishRequest.ts';
import { queueMessages } from './queueMessages.ts';
import { mailOf, queueNames } from './view.ts';

/** What the console needs of a platform. */
export type ConsolePlatform = Pick<Platform, 'events' | 'snapshot' | 'publish' | 'inspectQueue'>;

interface RoutesOptions {
  readonly platform: ConsolePlatform;
  readonly feed: Feed;
  /** The console's own port, which is known once it listens. */
  port(): number;
}

/** SNS takes 256 KiB. A message that is a little larger gets SNS's own answer. */
const MAX_BODY_BYTES = 512 * 1024;

export async function consoleRoutes({ platform, feed, port }: RoutesOptions): Promise<Hono> {
  const files = await readPageFiles();
  const app = new Hono();
  app.use(secureHeaders, onlyLoopbackHost(port));
  app.use('/api/*', notFromOtherSites);
  app.get('/', (c) => pageFile(c, 'index.html'));
  app.get('/app/:name', (c) => pageFile(c, c.req.param('name')));
  app.get('/api/snapshot', async (c) => c.json(await feed.current()));
  app.get('/api/events', (c) => streamEvents(c, feed));
  app.get('/api/mails/:id', (c) => mail(c, c.req.param('id')));
  app.get('/api/queues/:name/messages', (c) => messages(c, c.req.param('name')));
  app.post('/api/publish', onlyOwnPage, bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }), publish);
  app.notFound((c) => c.json({ error: 'There is nothing at this address.' }, 404));
  app.onError(failure);
  return app;

  function pageFile(c: Context, name: string) {
    const file = files.get(name);
    return file ? c.body(file.content, 200, { 'content-type': file.type }) : c.notFound();
  }

  async function mail(c: Context, id: string) {
    const found = mailOf(id, await platform.snapshot());
    if (!found) return c.json({ error: 'The mailbox has no such mail any more.' }, 404);
    const { to, subject, text, at, file } = found;
    return c.json({ id, to, subject, text, file, atMs: at.getTime() });
  }

  async function messages(c: Context, name: string) {
    const isKnown = queueNames(await platform.snapshot()).includes(name);
    const queue = isKnown ? await platform.inspectQueue(name) : undefined;
    return queue ? c.json(queueMessages(queue)) : c.json({ error: 'There is no such queue any more.' }, 404);
  }

  async function publish(c: Context) {
    const request = parsePublishRequest(await c.req.text());
    const messageIds = await publishAll((message) => platform.publish(message), request);
    return c.json({ published: messageIds.length, messageId: messageIds[0] });
  }
}

/** A file of the page, in memory. */
interface PageFile {
  readonly type: string;
  readonly content: string;
}

/** All files below `/app/`. A request's path is looked up here, and never becomes a path in the file system. */
const pageFileNames = [
  'alarms.js',
  'board.js',
  'boardRow.js',
  'connection.js',
  'dialog.js',
  'dom.js',
  'format.js',
  'icon.svg',
  'index.html',
  'log.js',
  'logLine.js',
  'mailbox.js',
  'main.js',
  'problems.js',
  'publishForm.js',
  'queueDialog.js',
  'schedules.js',
  'sparkline.js',
  'base.css',
  'board.css',
  'panels.css',
];

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = pageFileNames.map(async (name): Promise<[string, PageFile]> => {
    const content = await readFile(new URL(`app/${name}`, import.meta.url), 'utf8');
    return [name, { type: contentTypes[name.split('.').at(-1) ?? ''] ?? 'text/plain', content }];
  });
  return new Map(await Promise.all(files));
}

function tooLarge(c: Context) {
  return c.json(
    { error: `The request is larger than ${MAX_BODY_BYTES / 1024} KiB; SNS takes 256 KiB.` },
    413,
  );
}

/** Answers with what the sender can mend. Any other error is a bug, and is printed in the platform's terminal. */
function failure(error: Error, c: Context): Response {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof PartlyPublishedError) {
    return c.json({ error: error.message, published: error.published }, 400);
  }
  const isExpected = [PublishRequestError, NotPublishedError, EngineError].some(
    (type) => error instanceof type,
  );
  if (isExpected) return c.json({ error: error.message }, 400);
  process.emitWarning(error.stack ?? error.message);
  return c.json({ error: 'The platform could not answer; the terminal says why.' }, 500);
}

// The console listens on 127.0.0.1, but any web page in the same browser can send requests there. These checks let in
// the console's own page and programs of this machine, and nobody else.

/** Allows scripts, styles and connections of the console only, and no text to become markup. */
const safeHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Adds the headers to every answer, refusals and errors included. */
async function secureHeaders(c: Context, next: Next): Promise<void> {
  await next();
  for (const [name, value] of Object.entries(safeHeaders)) c.res.headers.set(name, value);
}

/** Refuses other names that resolve to 127.0.0.1 (DNS rebinding), which `Host` shows. */
function onlyLoopbackHost(port: () => number): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host');
    const allowed = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port()}`);
    // Browsers leave out HTTP's own port.
    if (port() === 80) allowed.push('127.0.0.1', 'localhost', '[::1]');
    if (host === undefined || !allowed.includes(host.toLowerCase())) {
      return c.json({ error: `The console answers to ${allowed.join(', ')} only.` }, 421);
    }
    return next();
  };
}

/** Refuses requests of other sites' pages, which could hold connections open. Another port is another site here. */
async function notFromOtherSites(c: Context, next: Next) {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return c.json({ error: `Requests of other sites are refused (Sec-Fetch-Site: ${site}).` }, 403);
  }
  return next();
}

/** Guards a route that changes something: takes JSON of the console's own page only. Runs after {@link onlyLoopbackHost}. */
async function onlyOwnPage(c: Context, next: Next) {
  const origin = c.req.header('origin');
  const own = `http://${c.req.header('host')?.toLowerCase()}`;
  const isOwn = origin === undefined ? c.req.header('sec-fetch-site') === 'same-origin' : origin === own;
  if (!isOwn) return c.json({ error: `Send Origin: ${own}, got ${origin ?? 'none'}.` }, 403);
  const type = c.req.header('content-type') ?? 'none';
  if (!/^application\/json *(;|$)/i.test(type)) {
    return c.json({ error: `Send Content-Type: application/json, got ${type}.` }, 415);
  }
  return next();
}
