import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a host knows of a request beyond the request itself. */
interface EventFacts {
  /** The ID of the API or of the function URL. */
  readonly apiId: string;
  readonly accountId: string;
  readonly routeKey: string;
  /** HTTP APIs decode the path, function URLs do not. */
  readonly isPathDecoded: boolean;
  readonly authorizer?: object;
  readonly pathParameters?: Readonly<Record<string, string>>;
}

/**
 * A request as the event of payload format 2.0, which function URLs and HTTP APIs share
 * (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html).
 */
export function requestEvent(
  request: IncomingMessage,
  body: Buffer,
  facts: EventFacts,
  now = new Date(),
): object {
  const { apiId, accountId, routeKey, authorizer, pathParameters } = facts;
  const [encodedPath, rawQueryString] = splitUrl(request.url ?? '/');
  const path = facts.isPathDecoded ? decoded(encodedPath) : encodedPath;
  const { headers, cookies } = headersOf(request);
  const host = request.headers.host ?? '';
  const query = queryParameters(rawQueryString);
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(query && { queryStringParameters: query }),
    requestContext: {
      accountId,
      apiId,
      ...(authorizer && { authorizer }),
      domainName: host,
      domainPrefix: apiId,
      http: {
        method: request.method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: logTime(now),
      timeEpoch: now.getTime(),
    },
    ...(pathParameters && Object.keys(pathParameters).length > 0 && { pathParameters }),
    ...bodyOf(request, body),
  };
}

/** The path, still encoded, and what follows the question mark. */
export function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** As it is where it is not encoded properly. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Of the connection, not of the message (RFC 9110, 7.6.1). */
export const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Lower-case names, the values of one name joined by commas, cookies apart. */
function headersOf(request: IncomingMessage): { headers: Record<string, string>; cookies: string[] } {
  const { rawHeaders, socket } = request;
  const headers = new Map<string, string>();
  const cookies: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    if (name === 'cookie') cookies.push(...value.split(/; */).filter((cookie) => cookie !== ''));
    else if (!connectionHeaders.has(name)) headers.set(name, join(headers.get(name), value));
  }
  headers.set(
    'x-forwarded-for',
    join(headers.get('x-forwarded-for'), socket.remoteAddress ?? '127.0.0.1', ', '),
  );
  headers.set('x-forwarded-port', String(socket.localPort ?? ''));
  headers.set('x-forwarded-proto', 'http');
  return { headers: Object.fromEntries(headers), cookies };
}

function join(before: string | undefined, value: string, separator = ','): string {
  return before === undefined ? value : `${before}${separator}${value}`;
}

/** Undefined without a query. */
function queryParameters(rawQueryString: string): Record<string, string> | undefined {
  if (rawQueryString === '') return undefined;
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    parameters.set(name, join(parameters.get(name), value));
  }
  return Object.fromEntries(parameters);
}

function bodyOf({ headers }: IncomingMessage, body: Buffer): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const isBase64Encoded = headers['content-encoding'] !== undefined || !isText(headers['content-type'] ?? '');
  return { body: body.toString(isBase64Encoded ? 'base64' : 'utf8'), isBase64Encoded };
}

/** What Lambda passes on as it is; anything else, forms included, comes as Base64. */
function isText(contentType: string): boolean {
  return /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\s*(;|$))/i.test(contentType);
}

/** `12/Mar/2020:19:03:58 +0000` */
function logTime(now: Date): string {
  const [, day, month, year, time] = now.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
