import type { Readable } from 'node:stream';
import { type CorsRule, corsHeaders, matches, preflightHeaders } from '../http/cors.ts';
import type { Buckets } from './buckets.ts';
import { checkWriteConditions } from './conditionalWrite.ts';
import { EngineError } from './errors.ts';
import type { FauxqsStores } from './fauxqs.ts';
import { checkPostPolicy } from './postPolicy.ts';
import type { App, Reply, Request } from './protocol.ts';

/** fauxqs keeps objects in this process's memory; S3 takes 5 GB by one request. */
const MAX_OBJECT_BYTES = 1024 ** 3;

/**
 * What S3 has and fauxqs lacks: bodies of more than 11 MB, CORS, links that expire, POST policies, conditional writes,
 * and the headers of an answer that its link asks for. Signatures are not evaluated, whosever.
 */
export function installS3(app: App, buckets: Buckets, s3Store: FauxqsStores['s3Store']): void {
  takeLargeBodies(app);
  answerPreflights(app, buckets);
  app.addHook('onRequest', (request, _reply, done) => {
    checkExpiry(request);
    done();
  });
  app.addHook('preHandler', (request, _reply, done) => {
    const bucket = bucketOf(request.url);
    if (bucket === '' || !['PUT', 'POST'].includes(request.method)) return done();
    request.body ??= Buffer.alloc(0);
    if (request.method === 'POST' && isForm(request)) checkPostPolicy(request, bucket);
    else if (request.method === 'POST') checkPostAction(request);
    checkWriteConditions(request, s3Store);
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (bucketOf(request.url) !== '') addHeaders(request, reply, buckets);
    done(null, payload);
  });
}

/** The first part of the path; empty for SQS, SNS and whatever else is not for S3. */
export function bucketOf(url: string): string {
  return /^\/([^/?]*)/.exec(url)?.[1] ?? '';
}

/** fauxqs would take a form's bytes for an SNS request's, and at most 11 MB. */
function takeLargeBodies(app: App): void {
  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', (request: Request, payload: Readable) => bytesOf(request, payload));
  app.removeContentTypeParser('application/x-www-form-urlencoded');
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    async (request: Request, payload: Readable) => {
      const body = await bytesOf(request, payload);
      return bucketOf(request.url) === ''
        ? Object.fromEntries(new URLSearchParams(body.toString('utf8')))
        : body;
    },
  );
}

/** Announced bodies are read into one buffer, so that a large one is not held twice. */
async function bytesOf({ headers, url, server }: Request, payload: Readable): Promise<Buffer> {
  const maxBytes = bucketOf(url) === '' ? (server.initialConfig.bodyLimit as number) : MAX_OBJECT_BYTES;
  const announced = Number(headers['content-length'] ?? Number.NaN);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const whole = Number.isNaN(announced) ? undefined : Buffer.allocUnsafeSlow(announced);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of payload) {
    if (bytes + chunk.length > maxBytes) throw tooLarge(maxBytes);
    if (whole) chunk.copy(whole, bytes);
    else chunks.push(chunk);
    bytes += chunk.length;
  }
  if (whole && bytes !== announced) throw new EngineError('IncompleteBody', 'The body ended too early.');
  return whole ?? Buffer.concat(chunks, bytes);
}

function tooLarge(maxBytes: number): EngineError {
  return new EngineError(
    'EntityTooLarge',
    `Your proposed upload exceeds the maximum allowed size: locally ${maxBytes} bytes.`,
  );
}

function answerPreflights(app: App, buckets: Buckets): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin, 'access-control-request-method': method } = request.headers;
    const bucket = bucketOf(request.url);
    if (request.method !== 'OPTIONS' || origin === undefined || method === undefined || bucket === '')
      return done();
    const asked = String(request.headers['access-control-request-headers'] ?? '');
    const names = asked
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const rule = ruleFor(buckets.corsRules(bucket), origin, method, names);
    if (!rule) {
      const message = 'CORSResponse: This CORS request is not allowed.';
      throw new EngineError('AccessForbidden', message, 403);
    }
    reply
      .headers(preflightHeaders({ ...rule, allowHeaders: names }, origin))
      .status(200)
      .send();
  });
}

/** The first rule that allows all of it, as S3 chooses. */
function ruleFor(
  rules: readonly CorsRule[],
  origin: string,
  method: string,
  names: readonly string[] = [],
): CorsRule | undefined {
  return rules.find(
    ({ allowOrigins, allowMethods, allowHeaders }) =>
      allowOrigins.some((pattern) => matches(pattern, origin)) &&
      allowMethods.includes(method) &&
      names.every((name) => allowHeaders.some((pattern) => matches(pattern, name))),
  );
}

/** Of a presigned URL. */
function checkExpiry({ query }: Request): void {
  const { 'X-Amz-Date': date, 'X-Amz-Expires': seconds } = Object(query) as Record<string, unknown>;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(date)) ?? [];
  if (year === undefined || seconds === undefined) return;
  const signedMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (signedMs + Number(seconds) * 1_000 >= Date.now()) return;
  throw new EngineError('AccessDenied', 'Request has expired', 403);
}

function isForm({ headers }: Request): boolean {
  return String(headers['content-type']).toLowerCase().startsWith('multipart/form-data');
}

/** fauxqs would take any other POST for DeleteObjects. */
function checkPostAction({ query }: Request): void {
  const names = Object.keys(Object(query));
  if (names.some((name) => name === 'delete' || name === 'uploads' || name === 'uploadId')) return;
  const message = 'The specified method is not allowed against this resource.';
  throw new EngineError('MethodNotAllowed', message, 405);
}

function addHeaders(request: Request, reply: Reply, buckets: Buckets): void {
  const { origin } = request.headers;
  const rule =
    origin === undefined
      ? undefined
      : ruleFor(buckets.corsRules(bucketOf(request.url)), origin, request.method);
  if (rule) reply.headers(corsHeaders(rule, origin));
  if (request.method !== 'GET' || reply.statusCode >= 300) return;
  for (const [name, value] of Object.entries(Object(request.query) as Record<string, unknown>)) {
    const [, header] =
      /^response-(content-(?:type|disposition|language|encoding)|cache-control|expires)$/.exec(name) ?? [];
    if (header !== undefined && typeof value === 'string') reply.header(header, value);
  }
}
