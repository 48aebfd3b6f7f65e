import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { Problem } from './problem.ts';

/** A request's body. */
interface JsonBody {
  readonly value: unknown;
  /** The SHA-256 of its JSON, which does not depend on white space. */
  readonly hash: string;
}

/** The largest body in bytes: Lambda's limit of an invocation. The host itself refuses a larger one. */
export const maxBodyBytes = 6 * 1024 * 1024;

/**
 * Reads a request's JSON.
 * @throws {Problem} when the content type is another, or the body is not JSON or nested too deeply
 */
export async function jsonBody(c: Context): Promise<JsonBody> {
  const type = c.req.header('content-type');
  if (!/^application\/json *(;|$)/i.test(type ?? '')) {
    throw new Problem(
      'unsupported-content-type',
      `Send Content-Type: application/json; it was ${type ?? 'none'}.`,
      { allowed: ['application/json'], headers: { accept: 'application/json' } },
    );
  }
  const value = parsed(await c.req.arrayBuffer());
  try {
    return { value, hash: createHash('sha256').update(JSON.stringify(value)).digest('hex') };
  } catch (cause) {
    throw new Problem('invalid-body', 'The body is nested too deeply.', {
      errors: [{ path: '', message: 'is nested too deeply' }],
      cause,
    });
  }
}

/** The value of a JSON text. V8's error is dropped, because it quotes the text. */
function parsed(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Problem('malformed-json', 'The body must be JSON in UTF-8, and is not.');
  }
}
