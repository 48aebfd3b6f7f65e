import type { Caller } from './caller.ts';

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
