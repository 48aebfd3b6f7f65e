import type { Context, MiddlewareHandler, Next } from 'hono';

/**
 * The console listens on 127.0.0.1, but any web page in the same browser can send requests there. These checks let in
 * the console's own page and programs of this machine, and nobody else.
 */

/** Scripts, styles and connections from the console alone, and no text that could ever become markup. */
const headers = {
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

/** The headers go on every answer, refusals and errors included. */
export async function secureHeaders(c: Context, next: Next): Promise<void> {
  await next();
  for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
}

/** A name that resolves to 127.0.0.1 (DNS rebinding) shows in `Host`. */
export function onlyLoopbackHost(port: () => number): MiddlewareHandler {
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

/** Other sites' pages can neither read nor hold connections open; another port of localhost is another site here. */
export async function notFromOtherSites(c: Context, next: Next) {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return c.json({ error: `Requests of other sites are refused (Sec-Fetch-Site: ${site}).` }, 403);
  }
  return next();
}

/** For what changes something: JSON, sent by the console's own page. Runs behind {@link onlyLoopbackHost}. */
export async function onlyOwnPage(c: Context, next: Next) {
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
