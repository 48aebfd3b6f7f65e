import { type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { connectionHeaders } from './requestEvent.ts';

/** The status and headers of an answer. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
}

interface ProxyResponse extends ResponseHead {
  readonly body: Buffer | string;
}

/** What a function gave cannot be made an HTTP response. */
export class MalformedResponseError extends Error {
  override readonly name = 'MalformedResponseError';
}

/**
 * A function's return value, as JSON, made a response by the rules of payload format 2.0
 * (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html): a value without `statusCode` is the body of a
 * 200, JSON as it is.
 * @param defaultType the content type of a response that names none
 * @throws {MalformedResponseError}
 */
export function proxyResponse(payload: string, defaultType: string): ProxyResponse {
  const value: unknown = JSON.parse(payload);
  const isStructured = typeof value === 'object' && value !== null && 'statusCode' in value;
  if (!isStructured) return { status: 200, headers: { 'content-type': 'application/json' }, body: payload };
  const { body, isBase64Encoded } = value as { body?: unknown; isBase64Encoded?: unknown };
  const { status, headers } = responseHead(value);
  return {
    status,
    headers: { 'content-type': defaultType, ...headers },
    body: bodyOf(body, isBase64Encoded === true),
  };
}

/**
 * Status, headers and cookies, checked: of a structured return value, or of the prelude of a stream.
 * @throws {MalformedResponseError}
 */
export function responseHead(given: object): ResponseHead {
  const { statusCode = 200, headers, cookies } = given as Record<string, unknown>;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new MalformedResponseError(
      `statusCode must be a whole number from 200 to 599, got ${JSON.stringify(statusCode)}`,
    );
  }
  const checked = new Map<string, string | string[]>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    const lower = name.toLowerCase();
    if (connectionHeaders.has(lower) || lower === 'content-length') continue;
    checked.set(lower, headerValue(lower, value));
  }
  const all = [checked.get('set-cookie') ?? [], ...cookiesOf(cookies)].flat();
  if (all.length > 0) checked.set('set-cookie', all);
  return { status, headers: Object.fromEntries(checked) };
}

function headerValue(name: string, value: unknown): string {
  try {
    if (typeof value === 'object' && value !== null) throw new TypeError('Must be a string');
    validateHeaderName(name);
    validateHeaderValue(name, String(value));
    return String(value);
  } catch (cause) {
    throw new MalformedResponseError(
      `header ${JSON.stringify(name)} cannot be ${JSON.stringify(value)}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function cookiesOf(cookies: unknown): string[] {
  if (cookies === undefined || cookies === null) return [];
  if (Array.isArray(cookies)) return cookies.map((cookie) => headerValue('set-cookie', cookie));
  throw new MalformedResponseError(`cookies must be a list of strings, got ${JSON.stringify(cookies)}`);
}

function bodyOf(body: unknown, isBase64Encoded: boolean): Buffer | string {
  if (body === undefined || body === null) return '';
  if (typeof body === 'string') return isBase64Encoded ? Buffer.from(body, 'base64') : body;
  throw new MalformedResponseError(`body must be a string (JSON.stringify it), got ${typeof body}`);
}
