import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { routePath } from 'hono/route';
import type { StatusStore } from '../tracking/store.ts';
import type { ApiJob } from './apiJob.ts';
import { type ApiAuth, type ApiEnv, authorized } from './caller.ts';
import { cancelJob } from './cancelJob.ts';
import type { DeadLetters } from './deadLetters.ts';
import type { FileLinks } from './fileLinks.ts';
import { jobEvents } from './jobEvents.ts';
import { jobResult } from './jobResult.ts';
import { jobStatus } from './jobStatus.ts';
import { maxBodyBytes } from './jsonBody.ts';
import { listJobs } from './listJobs.ts';
import { openApi } from './openApi.ts';
import { pages } from './pages.ts';
import { Problem } from './problem.ts';
import { statusReader } from './readStatus.ts';
import { type JobPublisher, scheduleJob } from './scheduleJob.ts';
import { uploads } from './uploads.ts';

/** The parts of the API. A test brings its own. */
export interface ApiParts {
  /** The tracked jobs. */
  readonly jobs: readonly ApiJob[];
  readonly auth: ApiAuth;
  /** Whether the host streams answers, and does not wait for their end. */
  readonly streams: boolean;
  readonly store: StatusStore;
  readonly publisher: JobPublisher;
  readonly files: FileLinks;
  readonly deadLetters: DeadLetters;
  readonly pagesFolder: URL;
  readonly logger: ApiLogger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** The API's log. No payload, result or token is ever logged. */
export interface ApiLogger {
  debug(message: string, fields: Readonly<Record<string, unknown>>): void;
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/**
 * Makes the routes. Only callers whom the host has authorized get through. Every error
 * is answered by problem details (RFC 9457).
 */
export function createApi(parts: ApiParts): Hono<ApiEnv> {
  const { auth, logger, now } = parts;
  const routes = { ...parts, readStatus: statusReader(parts) };
  const app = new Hono<ApiEnv>({ strict: false });
  app.use(async (c, next) => {
    const startedAt = now();
    await next();
    const { method } = c.req;
    const { status } = c.res;
    // A page that follows its job reads once a second, which would fill the log.
    const level = method === 'GET' && status < 400 ? 'debug' : 'info';
    logger[level]('answered', { method, route: routePath(c, -1), status, durationMs: now() - startedAt });
  });
  // The host answers browsers' preflight requests by its CORS rules. One that reaches this app must not be refused.
  app.use(async (c, next) => (c.req.method === 'OPTIONS' ? c.body(null, 204) : next()));
  app.use(responseHeaders, methodNotAllowed({ app, onMethodNotAllowed: wrongMethod }), authorized(auth));
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: bodyTooLarge }));

  app.get('/jobs', listJobs(routes));
  app.post('/jobs/:jobName', scheduleJob(routes));
  app.get('/jobs/:jobId', etag(), jobStatus(routes));
  app.delete('/jobs/:jobId', cancelJob(routes));
  app.get('/jobs/:jobId/events', jobEvents(routes));
  app.get('/jobs/:jobId/result', jobResult(routes));
  app.post('/jobs/:jobName/uploads', uploads(routes));
  app.get('/openapi.json', etag(), openApi(routes));
  // A browser applies the policy of a 304 to the page in its cache. Without this header it would use the strict default.
  const retainedHeaders = [...RETAINED_304_HEADERS, 'content-security-policy'];
  app.get('/pages/:file', etag({ retainedHeaders }), pages(routes));

  app.notFound((c) =>
    new Problem('not-found', 'See /openapi.json for the addresses of the API.').response(c.req.path),
  );
  app.onError((error, c) => problemOf(error, c).response(c.req.path));
  return app;

  function problemOf(error: Error, c: Context): Problem {
    const problem = error instanceof Problem ? error : unexpected(error);
    if (problem.status >= 500) {
      const fields = { method: c.req.method, route: routePath(c, -1), error: problem.cause };
      logger.error(problem.message, fields);
    }
    return problem;
  }
}

function wrongMethod(c: Context, methods: readonly string[]): Response {
  const allow = methods.join(', ');
  const problem = new Problem('method-not-allowed', `${c.req.method} is not allowed here: use ${allow}.`, {
    headers: { allow },
  });
  return problem.response(c.req.path);
}

function bodyTooLarge(): never {
  throw new Problem('too-large', `A request's body may have ${maxBodyBytes} bytes: upload a file instead.`, {
    maxBytes: maxBodyBytes,
  });
}

/** The problem of an unexpected error. The caller learns whether AWS may be able to do it later, and nothing else. */
function unexpected(cause: Error): Problem {
  const { $fault, $retryable } = cause as { readonly $fault?: string; readonly $retryable?: object };
  if (
    $fault === 'server' ||
    $retryable !== undefined ||
    /Throttl|Throughput|Timeout|ECONN/.test(cause.name)
  ) {
    return new Problem('unavailable', 'A service that the API needs does not answer: try again.', {
      headers: { 'retry-after': '5' },
      cause,
    });
  }
  return new Problem('internal-error', 'The API failed to answer; its log says why.', { cause });
}

/**
 * The headers of every answer, refusals included, unless a route sets them itself.
 * Only a page may load and show anything.
 */
const defaults = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
};

const responseHeaders: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(defaults)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
};
