import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { isLocalOrigin } from '../engine/loopback.ts';

/** What pages of other origins may do. */
export interface CorsRule {
  /** Each may have a `*`. */
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number | undefined;
  readonly allowCredentials: boolean;
}

/** As `Cors` of a function URL and `CorsConfiguration` of an HTTP API give it, by the same names; undefined without. */
export function corsRule(properties: unknown): CorsRule | undefined {
  if (typeof properties !== 'object' || properties === null) return undefined;
  const given = properties as Record<string, unknown>;
  return {
    allowOrigins: texts(given.AllowOrigins),
    allowMethods: texts(given.AllowMethods),
    allowHeaders: texts(given.AllowHeaders),
    exposeHeaders: texts(given.ExposeHeaders),
    maxAgeSeconds: given.MaxAge === undefined ? undefined : Number(given.MaxAge),
    allowCredentials: String(given.AllowCredentials) === 'true',
  };
}

/** Whether a browser asks with this request if it may send another one. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/** The headers of the answer to a preflight; empty for an origin that is not allowed. */
export function preflightHeaders(rule: CorsRule, origin: string): OutgoingHttpHeaders {
  const { allowMethods, allowHeaders, maxAgeSeconds } = rule;
  const headers = originHeaders(rule, origin);
  if (headers === undefined) return {};
  return {
    ...headers,
    ...list('access-control-allow-methods', allowMethods),
    ...list('access-control-allow-headers', allowHeaders),
    ...(maxAgeSeconds !== undefined && { 'access-control-max-age': String(maxAgeSeconds) }),
  };
}

/** A function's headers with the host's CORS headers in place of its own. */
export function withCors(
  headers: OutgoingHttpHeaders,
  rule: CorsRule,
  origin: string | undefined,
): OutgoingHttpHeaders {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('access-control-'));
  const { vary, ...added } = corsHeaders(rule, origin);
  const varies = [headers.vary, vary].filter((value) => value !== undefined).join(', ');
  return { ...Object.fromEntries(own), ...added, ...(varies !== '' && { vary: varies }) };
}

/** The headers that let a page read the answer; empty for an origin that is not allowed, and without one. */
export function corsHeaders(rule: CorsRule, origin: string | undefined): OutgoingHttpHeaders {
  const headers = origin === undefined ? undefined : originHeaders(rule, origin);
  return headers ? { ...headers, ...list('access-control-expose-headers', rule.exposeHeaders) } : {};
}

/**
 * Whether a request may come from that page at all. Pages of this machine may; others only where a rule names them,
 * and not by `*` alone: on AWS a signature or a token is needed as well, here any page that is open in a browser could.
 */
export function mayCall(origin: string | undefined, rules: readonly CorsRule[]): boolean {
  if (isLocalOrigin(origin)) return true;
  const named = rules.flatMap(({ allowOrigins }) =>
    allowOrigins.filter((pattern) => !anyOrigin.test(pattern)),
  );
  return named.some((pattern) => matches(pattern, origin ?? ''));
}

/** Whether a text is as the pattern, in which `*` stands for anything; letters' case does not matter. */
export function matches(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.toLowerCase().split('*');
  const subject = text.toLowerCase();
  if (rest.length === 0) return subject === head;
  const tail = rest.at(-1) ?? '';
  return subject.length >= head.length + tail.length && subject.startsWith(head) && subject.endsWith(tail);
}

const anyOrigin = /^(https?:\/\/)?\*$/;

function originHeaders(rule: CorsRule, origin: string): OutgoingHttpHeaders | undefined {
  const { allowOrigins, allowCredentials } = rule;
  if (!allowOrigins.some((pattern) => matches(pattern, origin))) return undefined;
  const isAny = allowOrigins.includes('*') && !allowCredentials;
  return {
    'access-control-allow-origin': isAny ? '*' : origin,
    ...(!isAny && { vary: 'Origin' }),
    ...(allowCredentials && { 'access-control-allow-credentials': 'true' }),
  };
}

function list(name: string, values: readonly string[]): OutgoingHttpHeaders {
  return values.length === 0 ? {} : { [name]: values.join(',') };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
