import type { HttpRoute } from '../http/httpApi.ts';
import { isRouteKey } from '../http/routeTable.ts';
import { httpApiPart } from './httpApiPart.ts';
import type { Finding, Properties, Resource } from './resourceType.ts';

export const httpApiRoute = httpApiPart({
  type: 'AWS::ApiGatewayV2::Route',
  honoured: ['ApiId', 'RouteKey', 'Target', 'AuthorizationType', 'AuthorizerId', 'AuthorizationScopes'],
  notEvaluated: ['OperationName'],

  check: (resource) => [...checkKey(resource), ...checkAuthorization(resource)],

  put: ({ routes }, { name, properties }) => {
    routes.set(name, {
      routeKey: String(properties.RouteKey),
      integrationId: String(properties.Target).replace(/^integrations\//, ''),
      authorization: authorizationOf(properties),
    });
  },
  remove: ({ routes }, { name }) => void routes.delete(name),
});

function authorizationOf(properties: Properties): HttpRoute['authorization'] {
  const { AuthorizationType, AuthorizerId, AuthorizationScopes } = properties;
  if (AuthorizationType !== 'JWT') return { type: AuthorizationType === 'AWS_IAM' ? 'AWS_IAM' : 'NONE' };
  const scopes = Array.isArray(AuthorizationScopes) ? AuthorizationScopes.map(String) : [];
  return { type: 'JWT', authorizerId: String(AuthorizerId), scopes };
}

function checkKey({ properties: { RouteKey } }: Resource): Finding[] {
  if (isRouteKey(String(RouteKey))) return [];
  return [{ property: 'RouteKey', why: `${RouteKey} is no METHOD /path or $default`, refused: true }];
}

/** Without its authorizer it would let everybody in. */
function checkAuthorization({ properties: { AuthorizationType = 'NONE' } }: Resource): Finding[] {
  if (['NONE', 'JWT', 'AWS_IAM'].includes(String(AuthorizationType))) return [];
  const why = `${AuthorizationType} does not run locally (JWT, AWS_IAM and NONE do)`;
  return [{ property: 'AuthorizationType', why, refused: true }];
}
