import type { MiddlewareHandler } from 'hono';
import { Problem } from './problem.ts';

/** What comes with a request in hono's context: what the host says about it, and the caller. */
export interface ApiEnv {
  Bindings: {
    /** The request as the host passed it on. */
    readonly event?: { readonly headers?: Readonly<Record<string, string | undefined>> };
    /** Part of API Gateway's payload format 2.0, which a function URL uses too. */
    readonly requestContext?: {
      readonly authorizer?: {
        readonly iam?: object | null;
        readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> } | null;
      };
    };
    /** Lambda's context, under the name that hono gives it where answers are streamed. */
    readonly context?: InvocationTime;
    /** Lambda's context, under the name that hono gives it otherwise. */
    readonly lambdaContext?: InvocationTime;
  };
  Variables: { caller: Caller };
}

interface InvocationTime {
  getRemainingTimeInMillis(): number;
}

/** Who calls the API. */
export interface Caller {
  /** The token's subject, who sees only their own jobs. Absent for a back end, whose IAM policy lets it see all jobs. */
  readonly owner?: string;
}

/** How the host in front of the API authorizes callers: by AWS signatures, or by the tokens of an issuer. */
export type ApiAuth = 'iam' | 'jwt';

/**
 * Lets callers in whom the host has authorized. The host refuses all others itself. This check keeps the API closed
 * even when somebody attaches it to a host that does not.
 */
export function authorized(auth: ApiAuth): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { iam, jwt } = c.env?.requestContext?.authorizer ?? {};
    c.set('caller', auth === 'iam' ? signer(iam) : subject(jwt));
    await next();
  };
}

function signer(iam: unknown): Caller {
  if (typeof iam === 'object' && iam !== null) return {};
  throw new Problem('no-credentials', 'Sign the request with AWS Signature Version 4, service lambda.', {
    headers: { 'www-authenticate': 'AWS4-HMAC-SHA256' },
  });
}

function subject(jwt: { readonly claims?: Readonly<Record<string, unknown>> } | null | undefined): Caller {
  if (typeof jwt?.claims !== 'object' || jwt.claims === null) {
    throw new Problem('no-credentials', 'Send Authorization: Bearer and a token of the configured issuer.', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
  const { sub } = jwt.claims;
  if (typeof sub === 'string' && sub !== '' && sub.length <= maxSubjectLength) return { owner: sub };
  throw new Problem(
    'no-subject',
    `A job belongs to its token's sub: a text of 1 to ${maxSubjectLength} characters.`,
  );
}

/** The longest subject that OpenID Connect allows. */
const maxSubjectLength = 255;
