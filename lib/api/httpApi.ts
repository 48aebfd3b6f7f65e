import type { CfnApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { apiLogGroup } from '../../src/names.ts';
import { apiGateway } from '../platform/lazyModules.ts';
import type { JwtOptions } from './apiOptions.ts';

interface HttpApiProps {
  readonly name: string;
  readonly handler: LambdaFunction;
  readonly jwt: JwtOptions;
  readonly origins: readonly string[];
  readonly logRetention: RetentionDays;
}

/** An HTTP API that calls the function only for requests with a valid token. Returns the API's URL. */
export function httpApi(scope: Construct, props: HttpApiProps): string {
  const { name, handler, origins } = props;
  const api = new (apiGateway().CfnApi)(scope, 'HttpApi', {
    name,
    protocolType: 'HTTP',
    ...(origins.length === 0 ? {} : { corsConfiguration: corsConfiguration(origins) }),
  });
  const integration = new (apiGateway().CfnIntegration)(scope, 'Integration', {
    apiId: api.ref,
    integrationType: 'AWS_PROXY',
    integrationUri: handler.functionArn,
    payloadFormatVersion: '2.0',
  });
  const target = `integrations/${integration.ref}`;
  addRoute(scope, api, target, props);
  if (origins.length > 0) addPreflightRoute(scope, api, target);
  addStage(scope, api, props);
  handler.addPermission('HttpApi', {
    principal: new ServicePrincipal('apigateway.amazonaws.com'),
    sourceArn: Stack.of(scope).formatArn({ service: 'execute-api', resource: api.ref, resourceName: '*/*' }),
  });
  return api.attrApiEndpoint;
}

function corsConfiguration(origins: readonly string[]): CfnApi.CorsProperty {
  return {
    allowOrigins: [...origins],
    allowMethods: [...apiCors.methods],
    allowHeaders: [...apiCors.requestHeaders],
    exposeHeaders: [...apiCors.responseHeaders],
    maxAge: apiCors.maxAge.toSeconds(),
  };
}

/** Takes every request with a valid token. */
function addRoute(scope: Construct, api: CfnApi, target: string, { name, jwt }: HttpApiProps): void {
  const authorizer = new (apiGateway().CfnAuthorizer)(scope, 'Authorizer', {
    apiId: api.ref,
    name,
    authorizerType: 'JWT',
    identitySource: ['$request.header.Authorization'],
    jwtConfiguration: { issuer: jwt.issuer, audience: [...jwt.audience] },
  });
  new (apiGateway().CfnRoute)(scope, 'Route', {
    apiId: api.ref,
    routeKey: '$default',
    target,
    authorizationType: 'JWT',
    authorizerId: authorizer.ref,
  });
}

/**
 * Takes a browser's preflight requests. They carry no token, so that the route `$default` with its authorizer refuses them.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
function addPreflightRoute(scope: Construct, api: CfnApi, target: string): void {
  const route = new (apiGateway().CfnRoute)(scope, 'PreflightRoute', {
    apiId: api.ref,
    routeKey: 'OPTIONS /{proxy+}',
    target,
    authorizationType: 'NONE',
  });
  Validations.of(route).acknowledge({
    id: 'AwsSolutions-APIG4',
    reason: 'Browsers send preflight requests without a token; they tell nothing and do nothing.',
  });
}

function addStage(scope: Construct, api: CfnApi, { name, logRetention }: HttpApiProps): void {
  const accessLog = new LogGroup(scope, 'AccessLog', {
    logGroupName: apiLogGroup(name),
    retention: logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new (apiGateway().CfnStage)(scope, 'Stage', {
    apiId: api.ref,
    stageName: '$default',
    autoDeploy: true,
    accessLogSettings: { destinationArn: accessLog.logGroupArn, format: JSON.stringify(accessLogFormat) },
    defaultRouteSettings: throttling,
  });
}

/** Who asked for what, when, and with what result. Requests that never reach the function are logged, too. */
const accessLogFormat = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  subject: '$context.authorizer.claims.sub',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  responseLength: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  authorizerError: '$context.authorizer.error',
  integrationError: '$context.integrationErrorMessage',
};

/** Requests a second. A page polls every second or two: hundreds of pages may poll, but a loop gone wild is stopped. */
const throttling = { throttlingRateLimit: 500, throttlingBurstLimit: 1000 };

/** What a website's pages may send to the API, and may read of its answers. */
export const apiCors = {
  methods: ['GET', 'POST', 'DELETE'],
  requestHeaders: [
    'accept',
    'authorization',
    'content-type',
    'idempotency-key',
    'if-none-match',
    'last-event-id',
    // The headers of a signed request, which a function URL requires.
    'x-amz-content-sha256',
    'x-amz-date',
    'x-amz-security-token',
  ],
  responseHeaders: ['content-disposition', 'etag', 'location', 'retry-after'],
  /** For how long a browser keeps the answer to a preflight request. */
  maxAge: Duration.hours(1),
} as const;
