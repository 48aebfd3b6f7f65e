import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLocalHost } from '../engine/loopback.ts';
import { answerError, HttpError } from './HttpError.ts';

/** Answers a request. `stopping` is aborted when the platform stops: an answer without an end is broken off then. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  stopping: AbortSignal,
) => Promise<void>;

/** A port of 127.0.0.1 that serves one API. */
export interface Listener {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Undefined while nothing runs behind it: it answers 503. */
  handler: RequestHandler | undefined;
  /**
   * Takes no more connections, waits up to `drainMs` for the answers that are due, and cuts the rest; at once those whose
   * request has not arrived as a whole, since nothing runs for it yet.
   */
  stop(drainMs: number): Promise<void>;
}

interface ListenerTimeouts {
  /** For the head of a request. Default 10 s. */
  readonly headMs?: number;
  /** For all of a request. Default 60 s. */
  readonly requestMs?: number;
}

/** Far above what a browser or a load test on one machine opens. */
const MAX_CONNECTIONS = 1_000;
/** Longer than clients keep an idle connection, so that they never meet one that is being closed. */
const KEEP_ALIVE_MS = 75_000;

/** @param port 0 takes any free one. Rejects with the system's error, such as EADDRINUSE. */
export async function startListener(
  port: number,
  onWarning: (text: string) => void,
  { headMs = 10_000, requestMs = 60_000 }: ListenerTimeouts = {},
): Promise<Listener> {
  const stopping = new AbortController();
  const running = new Map<IncomingMessage, Promise<void>>();
  const server = createServer(
    {
      headersTimeout: headMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(headMs, 2_000),
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => {
      const answered = answer(request, response).catch(() => void response.destroy());
      running.set(request, answered);
      void answered.then(() => running.delete(request));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, port);
  const listener: Listener = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handler: undefined,
    stop,
  };
  return listener;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {}); // the client went away
    const closed = new Promise((resolve) => response.once('close', resolve));
    try {
      await (listener.handler ?? noHandler)(checked(request), response, stopping.signal);
    } catch (error) {
      answerError(refusal(error, request), response);
    }
    await closed;
  }

  function refusal(error: unknown, request: IncomingMessage): HttpError {
    if (error instanceof HttpError) return error;
    const hasClientLeft = request.destroyed && !request.complete;
    if (!hasClientLeft) onWarning(`${listener.url} failed: ${(error as Error)?.stack ?? error}`);
    return new HttpError(500, { message: 'Internal Server Error' });
  }

  async function stop(drainMs: number): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    stopping.abort();
    for (const request of running.keys()) if (!request.complete) request.destroy();
    const deadline = new AbortController();
    await Promise.race([
      Promise.all(running.values()),
      sleep(drainMs, undefined, { signal: deadline.signal }).catch(() => {}),
    ]);
    deadline.abort();
    server.closeAllConnections();
    await closed;
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.on('error', () => {}); // a connection that could not be accepted
}

function checked(request: IncomingMessage): IncomingMessage {
  if (!isLocalHost(request)) {
    throw new HttpError(403, { message: 'This is a local endpoint: use http://127.0.0.1 as the host.' });
  }
  if (!request.url?.startsWith('/')) throw new HttpError(400, { message: 'Bad Request' });
  return request;
}

async function noHandler(): Promise<void> {
  throw new HttpError(503, { message: 'Service Unavailable' });
}
