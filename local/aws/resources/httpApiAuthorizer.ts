import { createJwtAuthorizer } from '../http/jwtAuthorizer.ts';
import { httpApiPart } from './httpApiPart.ts';
import type { Finding, Properties, Resource } from './resourceType.ts';

export const httpApiAuthorizer = httpApiPart({
  type: 'AWS::ApiGatewayV2::Authorizer',
  honoured: ['ApiId', 'AuthorizerType', 'IdentitySource', 'JwtConfiguration'],
  notEvaluated: ['Name'],

  check: (resource) => checkType(resource),

  put: ({ authorizers }, { name, properties }, { onWarning }) => {
    const { Issuer, Audience } = (properties.JwtConfiguration ?? {}) as Properties;
    const [identitySource = '$request.header.Authorization'] = [properties.IdentitySource ?? []].flat();
    const audience = [Audience ?? []].flat().map(String);
    const config = { issuer: String(Issuer), audience, identitySource: String(identitySource) };
    authorizers.set(name, createJwtAuthorizer(config, onWarning));
  },
  remove: ({ authorizers }, { name }) => void authorizers.delete(name),
});

function checkType({ properties: { AuthorizerType } }: Resource): Finding[] {
  if (AuthorizerType === 'JWT') return [];
  return [
    { property: 'AuthorizerType', why: `${AuthorizerType} does not run locally (JWT does)`, refused: true },
  ];
}
