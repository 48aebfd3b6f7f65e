import { corsRule } from '../http/cors.ts';
import { functionUrlHandler } from '../http/functionUrl.ts';
import { createInvoker } from '../http/invocation.ts';
import type { Finding, Resource, ResourceContext, Resources, ResourceType } from './resourceType.ts';
import { localArn, nameOfArn } from './resourceType.ts';

export const functionUrl: ResourceType<void> = {
  type: 'AWS::Lambda::Url',
  honoured: ['TargetFunctionArn', 'AuthType', 'InvokeMode', 'Cors'],
  notEvaluated: [],

  ref: (name, place) => functionUrl.attributes(name, place).FunctionArn as string,
  attributes: (name, place) => ({
    FunctionArn: localArn('lambda', place, `function-url:${name}`),
    FunctionUrl: `${place.apiUrl(name)}/`,
  }),

  check: (resource, all) => checkTarget(resource, all),

  create: async (resource, context) => attach(resource, context),
  update: async (resource, _handle, context) => attach(resource, context),

  async delete({ name }, _handle, { apis }) {
    apis.listeners.detach(name);
  },
};

function attach(
  { name, properties }: Resource,
  { apis, functions, place, onWarning }: ResourceContext,
): void {
  const functionName = nameOfArn(properties.TargetFunctionArn);
  const target = functions.get(functionName);
  if (target === undefined) throw new Error(`function ${functionName} does not run`);
  const config = {
    urlId: name,
    accountId: place.accountId,
    authType: properties.AuthType === 'AWS_IAM' ? 'AWS_IAM' : 'NONE',
    invokeMode: properties.InvokeMode === 'RESPONSE_STREAM' ? 'RESPONSE_STREAM' : 'BUFFERED',
    cors: corsRule(properties.Cors),
  } as const;
  apis.listeners.attach(name, functionUrlHandler(config, createInvoker(target), onWarning));
}

function checkTarget({ properties }: Resource, all: Resources): Finding[] {
  const property = 'TargetFunctionArn';
  const functionName = nameOfArn(properties.TargetFunctionArn);
  if (all.list.some(({ type, name }) => type === 'AWS::Lambda::Function' && name === functionName)) return [];
  return [
    { property, why: `${properties.TargetFunctionArn} is no function of this assembly`, refused: true },
  ];
}
