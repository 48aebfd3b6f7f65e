import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { EngineError } from '../aws/engine/errors.ts';
import { PublishError } from '../platform/jobs.ts';
import type { Platform } from '../platform/platform.ts';
import { streamEvents } from './events.ts';
import type { Feed } from './feed.ts';
import { readPageFiles } from './pageFiles.ts';
import {
  PartlyPublishedError,
  PublishRequestError,
  parsePublishRequest,
  publishAll,
} from './publishRequest.ts';
import { queueMessages } from './queueMessages.ts';
import { notFromOtherSites, onlyLoopbackHost, onlyOwnPage, secureHeaders } from './security.ts';
import { mailOf, queueNames } from './view.ts';

/** What the console needs of a platform. */
export type ConsolePlatform = Pick<Platform, 'events' | 'snapshot' | 'publish' | 'inspectQueue'>;

export interface RoutesOptions {
  readonly platform: ConsolePlatform;
  readonly feed: Feed;
  /** The console's own, known once it listens. */
  port(): number;
}

/** SNS takes 256 KiB; what is a little larger gets SNS's own answer. */
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

function tooLarge(c: Context) {
  return c.json(
    { error: `The request is larger than ${MAX_BODY_BYTES / 1024} KiB; SNS takes 256 KiB.` },
    413,
  );
}

/** What the sender can mend is told; anything else is a bug, and told where the platform was started. */
function failure(error: Error, c: Context): Response {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof PartlyPublishedError) {
    return c.json({ error: error.message, published: error.published }, 400);
  }
  const isExpected = [PublishRequestError, PublishError, EngineError].some((type) => error instanceof type);
  if (isExpected) return c.json({ error: error.message }, 400);
  process.emitWarning(error.stack ?? error.message);
  return c.json({ error: 'The platform could not answer; the terminal says why.' }, 500);
}
