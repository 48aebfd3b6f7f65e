import type { HttpApi } from '../http/httpApi.ts';
import type { Resource, ResourceContext, ResourceType } from './resourceType.ts';

/** What only has a meaning within an HTTP API: it is put there, and taken away again. */
export function httpApiPart(
  part: Pick<ResourceType, 'type' | 'honoured' | 'notEvaluated' | 'check'> & {
    /** Also in the place of one that was there. */
    readonly put: (api: HttpApi, resource: Resource, context: ResourceContext) => void;
    readonly remove: (api: HttpApi, resource: Resource) => void;
  },
): ResourceType<void> {
  const { put, remove, ...type } = part;
  return {
    ...type,
    ref: (name) => name,
    attributes: (name) => ({ Id: name, IntegrationId: name, RouteId: name, AuthorizerId: name }),
    create: async (resource, context) => put(apiOf(resource, context), resource, context),
    update: async (resource, _handle, context, before) => {
      const was = context.apis.httpApis.get(String(before.properties.ApiId));
      if (was) remove(was, before);
      put(apiOf(resource, context), resource, context);
    },
    delete: async (resource, _handle, context) => {
      const api = context.apis.httpApis.get(String(resource.properties.ApiId));
      if (api) remove(api, resource);
    },
  };
}

function apiOf({ properties: { ApiId } }: Resource, { apis }: ResourceContext): HttpApi {
  const api = apis.httpApis.get(String(ApiId));
  if (api === undefined) throw new Error(`HTTP API ${ApiId} does not run`);
  return api;
}
