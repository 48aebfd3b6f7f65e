import type { IncomingMessage } from 'node:http';
import { type CorsRule, isPreflight, preflightHeaders } from './cors.ts';
import { refuseForeignPages } from './functionUrl.ts';
import { HttpError } from './HttpError.ts';
import { localCaller } from './iamCaller.ts';
import type { Invoker } from './invocation.ts';
import type { JwtAuthorizer } from './jwtAuthorizer.ts';
import type { RequestHandler } from './listener.ts';
import { readBody } from './requestBody.ts';
import { requestEvent, splitUrl } from './requestEvent.ts';
import { matchRoute, type Route } from './routeTable.ts';

/** An HTTP API of API Gateway; its parts come and go by their own resources. */
export interface HttpApi {
  readonly apiId: string;
  readonly accountId: string;
  cors: CorsRule | undefined;
  /** By their IDs. */
  readonly routes: Map<string, HttpRoute>;
  readonly integrations: Map<string, Integration>;
  readonly authorizers: Map<string, JwtAuthorizer>;
  /** Without a `$default` stage it answers 404. */
  readonly stages: Set<string>;
}

export interface HttpRoute extends Route {
  readonly integrationId: string;
  readonly authorization: { readonly type: 'NONE' | 'AWS_IAM' } | JwtAuthorization;
}

interface JwtAuthorization {
  readonly type: 'JWT';
  readonly authorizerId: string;
  readonly scopes: readonly string[];
}

/** A function behind routes. */
export interface Integration {
  readonly invoker: Invoker;
  /** How long the API waits for it. */
  readonly timeoutMs: number;
}

export function httpApiHandler(api: HttpApi, onWarning: (text: string) => void): RequestHandler {
  return async (request, response, stopping) => {
    const { origin } = request.headers;
    refuseForeignPages(request, api.cors);
    if (api.cors && origin !== undefined && isPreflight(request)) {
      response.writeHead(204, preflightHeaders(api.cors, origin)).end();
      return;
    }
    const [path] = splitUrl(request.url ?? '/');
    const match = api.stages.has('$default')
      ? matchRoute(api.routes.values(), request.method ?? '', path)
      : undefined;
    const integration = match && api.integrations.get(match.route.integrationId);
    if (!match || !integration) throw new HttpError(404, { message: 'Not Found' });
    const authorizer = await authorized(request, match.route, api);
    const event = requestEvent(request, await readBody(request), {
      apiId: api.apiId,
      accountId: api.accountId,
      routeKey: match.route.routeKey,
      isPathDecoded: true,
      pathParameters: match.pathParameters,
      ...(authorizer && { authorizer }),
    });
    const unavailable = new HttpError(503, { message: 'Service Unavailable' });
    await integration.invoker.answer(event, response, {
      streams: false,
      defaultType: 'text/plain;charset=UTF-8',
      cors: api.cors,
      origin,
      failure: new HttpError(500, { message: 'Internal Server Error' }),
      throttled: new HttpError(429, { message: 'Too Many Requests' }),
      timeout: { ms: integration.timeoutMs, answer: unavailable },
      stopping,
      onWarning,
    });
  };
}

async function authorized(
  request: IncomingMessage,
  { authorization }: HttpRoute,
  { accountId, authorizers }: HttpApi,
): Promise<object | undefined> {
  if (authorization.type !== 'JWT') {
    return authorization.type === 'AWS_IAM' ? { iam: localCaller(accountId) } : undefined;
  }
  const authorizer = authorizers.get(authorization.authorizerId);
  if (!authorizer) throw new HttpError(401, { message: 'Unauthorized' });
  return { jwt: await authorizer.authorize(request, authorization.scopes) };
}
