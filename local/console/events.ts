import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { type Feed, fromTheStart } from './feed.ts';

/** How many pages may watch at once. (A browser opens at most six connections to one host.) */
export const MAX_WATCHERS = 32;

/** A page that gets nothing for much longer takes the platform for gone. */
const HEARTBEAT_MS = 10_000;
const RETRY_MS = 1_000;

/**
 * Streams events to one page: `view` (a ConsoleView), `lines` ({ lines, skipped }), `ping` when nothing else happens, and
 * `bye` when the platform stops. Begins with the view and the lines that are kept.
 */
export function streamEvents(c: Context, feed: Feed) {
  if (feed.isStopped) return c.json({ error: 'The platform is stopping.' }, 503);
  if (feed.watchers >= MAX_WATCHERS) {
    return c.json({ error: `${MAX_WATCHERS} pages are open already: close some.` }, 503);
  }
  const response = streamSSE(c, async (stream) => {
    const leave = feed.watch();
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    try {
      await follow(stream, feed, gone.signal);
    } finally {
      leave();
    }
  });
  response.headers.set('connection', 'close'); // The connection ends with the stream, so that a stop need not wait.
  return response;
}

async function follow(stream: SSEStreamingApi, feed: Feed, gone: AbortSignal): Promise<void> {
  const send = (event: string, data: string) => orGone(stream.writeSSE({ event, data }), gone);
  let cursor = fromTheStart;
  await orGone(stream.writeSSE({ event: 'hello', data: '{}', retry: RETRY_MS }), gone);
  while (!gone.aborted && !feed.isStopped) {
    const { view, lines, skipped, cursor: next } = feed.read(cursor);
    cursor = next;
    if (view !== undefined) await send('view', view);
    if (lines.length > 0) await send('lines', JSON.stringify({ lines, skipped }));
    if (view !== undefined || lines.length > 0) continue;
    const beforeMs = Date.now();
    await feed.changed(HEARTBEAT_MS, gone);
    if (Date.now() - beforeMs >= HEARTBEAT_MS) await send('ping', '{}');
  }
  if (!gone.aborted) await send('bye', '{}');
}

/** Awaits a write until the page is gone: a write to a page that has stopped reading never ends. */
async function orGone(write: Promise<void>, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  const end = Promise.withResolvers<void>();
  const onGone = () => end.resolve();
  gone.addEventListener('abort', onGone);
  await Promise.race([write, end.promise]);
  gone.removeEventListener('abort', onGone);
}
