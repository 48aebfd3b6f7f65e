import type { IncomingMessage } from 'node:http';
import { type CorsRule, isPreflight, mayCall, preflightHeaders } from './cors.ts';
import { HttpError } from './HttpError.ts';
import { localCaller } from './iamCaller.ts';
import type { Invoker } from './invocation.ts';
import type { RequestHandler } from './listener.ts';
import { readBody } from './requestBody.ts';
import { requestEvent } from './requestEvent.ts';

interface FunctionUrlConfig {
  readonly urlId: string;
  readonly accountId: string;
  readonly authType: 'NONE' | 'AWS_IAM';
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly cors: CorsRule | undefined;
}

/**
 * What Lambda does for a function URL (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html). IAM is not
 * evaluated: with AWS_IAM every request comes from a made-up user of the local account.
 */
export function functionUrlHandler(
  { urlId, accountId, authType, invokeMode, cors }: FunctionUrlConfig,
  { answer }: Invoker,
  onWarning: (text: string) => void,
): RequestHandler {
  const isIam = authType === 'AWS_IAM';
  const facts = {
    apiId: urlId,
    accountId: isIam ? accountId : 'anonymous',
    routeKey: '$default',
    isPathDecoded: false,
    ...(isIam && { authorizer: { iam: localCaller(accountId) } }),
  };
  return async (request, response, stopping) => {
    const { origin } = request.headers;
    refuseForeignPages(request, cors);
    if (cors && origin !== undefined && isPreflight(request)) {
      response.writeHead(200, { ...preflightHeaders(cors, origin), 'content-length': 0 }).end();
      return;
    }
    const event = requestEvent(request, await readBody(request), facts);
    await answer(event, response, {
      streams: invokeMode === 'RESPONSE_STREAM',
      defaultType: 'application/json',
      cors,
      origin,
      failure: new HttpError(502, 'Internal Server Error'),
      throttled: new HttpError(429, {
        Reason: 'ConcurrentInvocationLimitExceeded',
        message: 'Rate Exceeded.',
      }),
      stopping,
      onWarning,
    });
  };
}

/** @throws {HttpError} 403 for a page of another site that the template does not name */
export function refuseForeignPages(
  { headers: { origin } }: IncomingMessage,
  cors: CorsRule | undefined,
): void {
  if (mayCall(origin, cors ? [cors] : [])) return;
  throw new HttpError(403, { message: `Pages of ${origin} may not call this local endpoint.` });
}
