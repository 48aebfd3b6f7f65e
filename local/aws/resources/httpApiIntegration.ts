import { createInvoker } from '../http/invocation.ts';
import { httpApiPart } from './httpApiPart.ts';
import type { Finding, Resource, Resources } from './resourceType.ts';
import { nameOfArn } from './resourceType.ts';

/** API Gateway's longest, and its default. */
const MAX_TIMEOUT_MS = 30_000;

export const httpApiIntegration = httpApiPart({
  type: 'AWS::ApiGatewayV2::Integration',
  honoured: ['ApiId', 'IntegrationType', 'IntegrationUri', 'PayloadFormatVersion', 'TimeoutInMillis'],
  notEvaluated: ['CredentialsArn', 'Description', 'IntegrationMethod'],

  check: (resource, all) => [...checkKind(resource), ...checkFunction(resource, all)],

  put: ({ integrations }, { name, properties }, { functions }) => {
    const functionName = functionOf(properties.IntegrationUri);
    const target = functions.get(functionName);
    if (target === undefined) throw new Error(`function ${functionName} does not run`);
    const timeoutMs = Math.min(Number(properties.TimeoutInMillis ?? MAX_TIMEOUT_MS), MAX_TIMEOUT_MS);
    integrations.set(name, { invoker: createInvoker(target), timeoutMs });
  },
  remove: ({ integrations }, { name }) => void integrations.delete(name),
});

/** The function's ARN, or API Gateway's own way to write it: `…:path/2015-03-31/functions/<ARN>/invocations`. */
function functionOf(uri: unknown): string {
  return nameOfArn(String(uri).replace(/\/invocations$/, ''));
}

function checkKind({ properties }: Resource): Finding[] {
  const { IntegrationType, PayloadFormatVersion } = properties;
  if (IntegrationType !== 'AWS_PROXY') {
    const why = `${IntegrationType} does not run locally (AWS_PROXY does)`;
    return [{ property: 'IntegrationType', why, refused: true }];
  }
  if (PayloadFormatVersion === '2.0') return [];
  const why = `${PayloadFormatVersion} is not supported locally (2.0 is)`;
  return [{ property: 'PayloadFormatVersion', why, refused: true }];
}

function checkFunction({ properties: { IntegrationUri } }: Resource, all: Resources): Finding[] {
  const functionName = functionOf(IntegrationUri);
  if (all.list.some(({ type, name }) => type === 'AWS::Lambda::Function' && name === functionName)) return [];
  const why = `${IntegrationUri} is no function of this assembly`;
  return [{ property: 'IntegrationUri', why, refused: true }];
}
