import { corsRule } from '../http/cors.ts';
import { type HttpApi, httpApiHandler } from '../http/httpApi.ts';
import type { Finding, Resource, ResourceType } from './resourceType.ts';

export const httpApi: ResourceType<HttpApi> = {
  type: 'AWS::ApiGatewayV2::Api',
  honoured: ['ProtocolType', 'CorsConfiguration'],
  notEvaluated: ['Name', 'Description', 'IpAddressType', 'Tags'],

  ref: (name) => name,
  attributes: (name, place) => ({ ApiId: name, ApiEndpoint: place.apiUrl(name) }),

  check: (resource) => checkProtocol(resource),

  async create({ name, properties }, { apis, place, onWarning }) {
    const api: HttpApi = {
      apiId: name,
      accountId: place.accountId,
      cors: corsRule(properties.CorsConfiguration),
      routes: new Map(),
      integrations: new Map(),
      authorizers: new Map(),
      stages: new Set(),
    };
    apis.httpApis.set(name, api);
    apis.listeners.attach(name, httpApiHandler(api, onWarning));
    return api;
  },

  async update({ properties }, api) {
    api.cors = corsRule(properties.CorsConfiguration);
    return api;
  },

  async delete({ name }, _api, { apis }) {
    apis.httpApis.delete(name);
    apis.listeners.detach(name);
  },
};

function checkProtocol({ properties: { ProtocolType } }: Resource): Finding[] {
  if (ProtocolType === 'HTTP') return [];
  return [
    { property: 'ProtocolType', why: `${ProtocolType} does not run locally (HTTP does)`, refused: true },
  ];
}
