import type { Handler } from 'hono';
import type { JobStatus } from '../job/jobStatus.ts';
import type { ApiLogger } from './app.ts';
import type { ApiEnv } from './caller.ts';
import { isEnd, statusView, versionOf } from './jobStatus.ts';
import { jobIdOf, type ReadStatus } from './readStatus.ts';

interface EventParts {
  readonly readStatus: ReadStatus;
  /** Whether the host streams answers, and does not wait for their end. */
  readonly streams: boolean;
  readonly logger: ApiLogger;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * `GET /jobs/{jobId}/events`: server-sent events. The event `status` has the status as JSON, now and at each change,
 * and the status's ETag as its ID. The event `end` follows when the job has ended. The stream ends shortly before the
 * function's timeout. An EventSource then asks again with `Last-Event-ID`, and gets only what it has not seen. When it
 * has seen the end, it gets 204, by which it stops asking.
 *
 * Where the host cannot stream, the answer has the current status and when to ask again, so that an EventSource polls.
 *
 * The client's reading drives the loop: the store is not read while the client does not take what was written.
 */
export function jobEvents({ readStatus, streams, logger, now, sleep }: EventParts): Handler<ApiEnv> {
  return async (c) => {
    const caller = c.get('caller');
    const jobId = jobIdOf(c);
    const first = await readStatus(jobId, caller);
    const seen = c.req.header('last-event-id');
    if (isEnd(first.state) && seen === endId(changeOf(first).version)) return c.body(null, 204);

    const remainingMs = (c.env?.context ?? c.env?.lambdaContext)?.getRemainingTimeInMillis() ?? Infinity;
    const endsAt = streams ? now() + remainingMs - marginMs : Number.NEGATIVE_INFINITY;
    const gone = new AbortController();
    const events = follow(first, () => readStatus(jobId, caller), seen, endsAt, gone.signal);
    return new Response(streamOf(events, gone), {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    });
  };

  async function* follow(
    first: JobStatus,
    read: () => Promise<JobStatus>,
    lastEventId: string | undefined,
    endsAt: number,
    gone: AbortSignal,
  ): AsyncGenerator<string> {
    yield `retry: ${retryMs}\n\n`;
    let [status, seen, writtenAt, pollMs] = [first, lastEventId, now(), shortestPollMs];
    for (;;) {
      const { version, body } = changeOf(status);
      if (version !== seen) {
        yield serverSentEvent('status', version, body);
        [seen, writtenAt, pollMs] = [version, now(), shortestPollMs];
      } else if (now() - writtenAt >= keepAliveMs) {
        yield ': still the same\n\n';
        writtenAt = now();
      }
      if (isEnd(status.state)) {
        yield serverSentEvent('end', endId(version), JSON.stringify({ state: status.state }));
        return;
      }
      if (now() + pollMs > endsAt) return;
      await sleep(pollMs);
      if (gone.aborted) return;
      pollMs = Math.min(pollMs * pollGrowth, longestPollMs);
      try {
        status = await read();
      } catch (error) {
        // The client asks again, and gets an error with a status code if the store still cannot be read.
        logger.warn('following a job ended early', { jobId: status.jobId, error });
        return;
      }
    }
  }
}

/** How long an EventSource waits before it asks again. */
const retryMs = 1000;

/** The part of the function's time that is kept for a last read and the end of the answer. */
const marginMs = 2000;

const shortestPollMs = 500;
const longestPollMs = 1000;
const pollGrowth = 1.1;

/** How long the stream is silent at most: load balancers and proxies cut silent connections, many after 30 seconds. */
const keepAliveMs = 15_000;

function changeOf(status: JobStatus): { readonly version: string; readonly body: string } {
  const body = JSON.stringify(statusView(status));
  return { version: versionOf(body), body };
}

function endId(version: string): string {
  return `${version}-end`;
}

/** A server-sent event. JSON has no line breaks, so its data is one line. */
function serverSentEvent(event: string, id: string, data: string): string {
  return `event: ${event}\nid: ${id}\ndata: ${data}\n\n`;
}

/** A stream that takes a text only when the client reads, and aborts `gone` when the client has gone. */
function streamOf(texts: AsyncGenerator<string>, gone: AbortController): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await texts.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  );
}
