import type { MiddlewareHandler } from 'hono';
import { Problem } from './problem.ts';

/** What stands beside a request: what the host said of it, and what the API found out. */
export interface ApiEnv {
  Bindings: {
    /** The request as the host gave it. */
    readonly event?: { readonly headers?: Readonly<Record<string, string | undefined>> };
    /** Of API Gateway's payload format 2.0, which a function URL sends too. */
    readonly requestContext?: {
      readonly authorizer?: {
        readonly iam?: object | null;
        readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> } | null;
      };
    };
    /** Lambda's own: hono names it so where it streams, … */
    readonly context?: InvocationTime;
    /** … and so where it does not. */
    readonly lambdaContext?: InvocationTime;
  };
  Variables: { caller: Caller };
}

interface InvocationTime {
  getRemainingTimeInMillis(): number;
}

/** Who calls the API. */
export interface Caller {
  /** The token's subject, who sees their own jobs only. Absent: a back end, trusted by its IAM policy with all jobs. */
  readonly owner?: string;
}

/** How the host in front of the API authorizes: by AWS's signatures, or by an issuer's tokens. */
export type ApiAuth = 'iam' | 'jwt';

/**
 * Lets in who the host has authorized. The host refuses everybody else before that; that it is asked again here keeps
 * the API closed should somebody attach it to a host that does not.
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

/** OpenID Connect's bound. */
const maxSubjectLength = 255;
