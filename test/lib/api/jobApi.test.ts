import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Stack } from 'aws-cdk-lib/core';
import type { JobApiOptions } from '../../../lib/api/apiOptions.ts';
import type { JobPlatformStackProps } from '../../../lib/platform/jobPlatform.ts';
import { SynthError } from '../../../lib/platform/synthError.ts';
import {
  bundledJob,
  platformStack,
  type Resource,
  resourcesByPath,
  templateOf,
  testApp,
} from '../template.ts';

const jobs = [
  bundledJob('PlainJob'),
  bundledJob('DocumentJob', { track: true, uploads: { contentTypes: ['text/plain'] } }),
  bundledJob('ReportJob', { track: true }),
];
const jwt = { issuer: 'https://id.example.com', audience: ['my-app', 'other'] };
const origins = ['https://app.example.com'];

function apiTemplate(api: JobApiOptions = {}, props: Partial<JobPlatformStackProps> = {}): Template {
  return templateOf({ jobs, api, ...props });
}

/** The API's resources by path, without `Jobs/Api/`. */
function resourcesOf(template: Template): Record<string, Resource> {
  const all = Object.entries(resourcesByPath(template));
  return Object.fromEntries(
    all.flatMap(([path, resource]) =>
      path.startsWith('Jobs/Api/') ? [[path.slice('Jobs/Api/'.length), resource]] : [],
    ),
  );
}

const typesOf = (template: Template) =>
  Object.entries(resourcesOf(template)).map(([path, { Type }]) => [path, Type.slice('AWS::'.length)]);
const ref = (part: string) => ({ Ref: expect.stringMatching(new RegExp(`^JobsApi${part}[0-9A-F]{8}$`)) });
const arnOf = (part: string) => ({
  'Fn::GetAtt': [expect.stringMatching(new RegExp(`^Jobs${part}[0-9A-F]{8}$`)), 'Arn'],
});

describe('there is no API', () => {
  test('while no job tracks', () => {
    const template = templateOf({ jobs: jobs.slice(0, 1), apiBundle: undefined });
    expect(resourcesOf(template)).toEqual({});
    expect(template.toJSON().Outputs).not.toHaveProperty('ApiUrl');
    expect(platformStack({ jobs: jobs.slice(0, 1) }).platform.api).toBeUndefined();
  });

  test('where it is left out; the jobs are tracked nevertheless', () => {
    const template = templateOf({ jobs, api: false, apiBundle: undefined });
    expect(resourcesOf(template)).toEqual({});
    expect(resourcesByPath(template)).toHaveProperty(['Jobs/StatusTable']);
  });
});

test('its bundle cannot be left out by accident', () => {
  const withoutBundle = () => platformStack({ jobs, apiBundle: undefined });
  expect(withoutBundle).toThrow(SynthError);
  expect(withoutBundle).toThrow(
    'The jobs DocumentJob, ReportJob track, so the platform jobs-dev has an API, but its bundle is missing: pass on',
  );
});

test('options that AWS would not take stop the synth', () => {
  expect(() => platformStack({ jobs, api: { origins: ['example.com'] } })).toThrow(SynthError);
});

describe('behind a function URL', () => {
  test('it has these resources and no others', () => {
    expect(typesOf(apiTemplate())).toEqual([
      ['LogGroup', 'Logs::LogGroup'],
      ['Role', 'IAM::Role'],
      ['Role/DefaultPolicy', 'IAM::Policy'],
      ['Function', 'Lambda::Function'],
      ['Function/FunctionUrl', 'Lambda::Url'],
      ['ErrorAlarm', 'CloudWatch::Alarm'],
    ]);
  });

  test('callers sign, answers stream, no website is let in', () => {
    const template = apiTemplate();
    expect(resourcesOf(template)['Function/FunctionUrl']?.Properties).toEqual({
      AuthType: 'AWS_IAM',
      InvokeMode: 'RESPONSE_STREAM',
      TargetFunctionArn: arnOf('ApiFunction'),
    });
    expect(template.toJSON().Outputs.ApiUrl.Value).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^JobsApiFunctionFunctionUrl/), 'FunctionUrl'],
    });
    template.resourceCountIs('AWS::Lambda::Permission', 0);
  });

  test('the websites given are let in, with what the API uses', () => {
    const { Cors } = resourcesOf(apiTemplate({ origins }))['Function/FunctionUrl']?.Properties ?? {};
    expect(Cors).toEqual({
      AllowOrigins: origins,
      AllowMethods: ['GET', 'POST', 'DELETE'],
      AllowHeaders: expect.arrayContaining([
        'authorization',
        'content-type',
        'idempotency-key',
        'x-amz-date',
      ]),
      ExposeHeaders: expect.arrayContaining(['etag', 'location', 'retry-after']),
      MaxAge: 3600,
    });
    expect(JSON.stringify(Cors)).not.toContain('*');
  });

  test('a back end is granted to call it', () => {
    const stack = platformStack({ jobs });
    const backEnd = new Role(stack, 'BackEnd', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    stack.platform.api?.function.grantInvokeUrl(backEnd);
    const policy = JSON.stringify(
      resourcesByPath(Template.fromStack(stack))['BackEnd/DefaultPolicy']?.Properties,
    );
    expect(policy).toContain('lambda:InvokeFunctionUrl');
    expect(policy).toContain('lambda:InvokedViaFunctionUrl');
  });
});

describe('behind an HTTP API', () => {
  const template = apiTemplate({ jwt });
  const resources = resourcesOf(template);

  test('it has these resources and no others', () => {
    expect(typesOf(template)).toEqual([
      ['LogGroup', 'Logs::LogGroup'],
      ['Role', 'IAM::Role'],
      ['Role/DefaultPolicy', 'IAM::Policy'],
      ['Function', 'Lambda::Function'],
      ['Function/HttpApi', 'Lambda::Permission'],
      ['HttpApi', 'ApiGatewayV2::Api'],
      ['Integration', 'ApiGatewayV2::Integration'],
      ['Authorizer', 'ApiGatewayV2::Authorizer'],
      ['Route', 'ApiGatewayV2::Route'],
      ['AccessLog', 'Logs::LogGroup'],
      ['Stage', 'ApiGatewayV2::Stage'],
      ['ErrorAlarm', 'CloudWatch::Alarm'],
    ]);
  });

  test('nothing gets through without a token of the issuer for the audience', () => {
    expect(resources.Authorizer?.Properties).toEqual({
      ApiId: ref('HttpApi'),
      Name: 'jobs-dev-api',
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: 'https://id.example.com', Audience: ['my-app', 'other'] },
    });
    expect(resources.Route?.Properties).toEqual({
      ApiId: ref('HttpApi'),
      RouteKey: '$default',
      AuthorizationType: 'JWT',
      AuthorizerId: ref('Authorizer'),
      Target: { 'Fn::Join': ['', ['integrations/', ref('Integration')]] },
    });
    expect(resources.HttpApi?.Properties).toMatchObject({ Name: 'jobs-dev-api', ProtocolType: 'HTTP' });
    expect(resources.HttpApi?.Properties).not.toHaveProperty('CorsConfiguration');
  });

  test('and then to the function, which lets this API in and no other', () => {
    expect(resources.Integration?.Properties).toEqual({
      ApiId: ref('HttpApi'),
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: arnOf('ApiFunction'),
      PayloadFormatVersion: '2.0',
    });
    expect(resources['Function/HttpApi']?.Properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: { 'Fn::Join': ['', expect.arrayContaining([ref('HttpApi'), '/*/*'])] },
    });
  });

  test('its stage deploys by itself, is throttled, and logs who asked for what', () => {
    const { AccessLogSettings, ...stage } = resources.Stage?.Properties ?? {};
    expect(stage).toMatchObject({
      ApiId: ref('HttpApi'),
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
    });
    expect(AccessLogSettings.DestinationArn).toEqual(arnOf('ApiAccessLog'));
    expect(JSON.parse(AccessLogSettings.Format)).toMatchObject({
      subject: '$context.authorizer.claims.sub',
      status: '$context.status',
    });
    expect(resources.AccessLog?.Properties).toMatchObject({
      LogGroupName: '/aws/vendedlogs/jobs-dev-api',
      RetentionInDays: 30,
    });
  });

  test('its URL is an output', () => {
    expect(template.toJSON().Outputs.ApiUrl.Value).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^JobsApiHttpApi/), 'ApiEndpoint'],
    });
  });

  test('the websites given are let in; their preflight requests carry no token', () => {
    const withOrigins = resourcesOf(apiTemplate({ jwt, origins }));
    expect(withOrigins.HttpApi?.Properties.CorsConfiguration).toEqual({
      AllowOrigins: origins,
      AllowMethods: ['GET', 'POST', 'DELETE'],
      AllowHeaders: expect.arrayContaining(['authorization', 'content-type', 'idempotency-key']),
      ExposeHeaders: expect.arrayContaining(['etag', 'location', 'retry-after']),
      MaxAge: 3600,
    });
    expect(withOrigins.PreflightRoute?.Properties).toMatchObject({
      RouteKey: 'OPTIONS /{proxy+}',
      AuthorizationType: 'NONE',
    });
  });
});

describe('its function', () => {
  const functionOf = (template: Template) => resourcesOf(template).Function?.Properties;

  test('as a job’s, with time to stream', () => {
    expect(functionOf(apiTemplate())).toMatchObject({
      FunctionName: 'jobs-dev-api',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: 60,
      LoggingConfig: { LogGroup: ref('LogGroup') },
    });
    expect(resourcesOf(apiTemplate()).LogGroup?.Properties.LogGroupName).toBe('/aws/lambda/jobs-dev-api');
  });

  test('its environment is what it reads, and nothing else', () => {
    const common = {
      JOB_TOPIC_ARN: { Ref: expect.stringMatching(/^JobsTopic/) },
      JOB_STATUS_TABLE: { Ref: expect.stringMatching(/^JobsStatusTable/) },
      JOB_FILES_BUCKET: { Ref: expect.stringMatching(/^JobsFilesBucket/) },
      JOB_PLATFORM: 'jobs-dev',
      JOB_CODE_VERSION: 'hash-of-the-api',
      NODE_OPTIONS: '--enable-source-maps',
    };
    expect(functionOf(apiTemplate()).Environment.Variables).toEqual({
      ...common,
      JOB_API_AUTH: 'iam',
      JOB_API_STREAMS: 'true',
    });
    expect(functionOf(apiTemplate({ jwt }, { logLevel: 'DEBUG' })).Environment.Variables).toEqual({
      ...common,
      JOB_API_AUTH: 'jwt',
      JOB_API_STREAMS: 'false',
      POWERTOOLS_LOG_LEVEL: 'DEBUG',
    });
  });

  test('behind an HTTP API it has the half minute that one waits', () => {
    expect(functionOf(apiTemplate({ jwt })).Timeout).toBe(30);
  });

  test('its role: the records, the files by what they are for, the dead letters of tracked jobs; no more', () => {
    const { Role: role } = resourcesOf(apiTemplate());
    const files = (keys: string) => ({ 'Fn::Join': ['', [arnOf('FilesBucket'), `/${keys}/*`]] });
    const queueNamed = (name: string) => ({ 'Fn::Join': ['', expect.arrayContaining([`:${name}`])] });
    expect(role?.Properties.Policies).toHaveLength(1);
    expect(role?.Properties.Policies[0].PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'UpdateItem'].map(
          (a) => `dynamodb:${a}`,
        ),
        Resource: arnOf('StatusTable'),
      },
      {
        Effect: 'Allow',
        Action: 'dynamodb:Query',
        Resource: { 'Fn::Join': ['', [arnOf('StatusTable'), '/index/byJob']] },
      },
      { Effect: 'Allow', Action: 's3:PutObject', Resource: [files('payloads'), files('uploads')] },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: files('results') },
      {
        Effect: 'Allow',
        Action: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
        Resource: [
          queueNamed('jobs-dev-DocumentJob-dead-letters'),
          queueNamed('jobs-dev-ReportJob-dead-letters'),
        ],
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnOf('ApiLogGroup'),
      },
    ]);
  });

  test('it publishes to the topic, with the topic’s key where there is one', () => {
    const app = testApp();
    const topicKey = new Key(new Stack(app, 'Keys'), 'Key');
    const statementsOf = (template: Template) =>
      resourcesOf(template)['Role/DefaultPolicy']?.Properties.PolicyDocument.Statement;
    const publish = {
      Effect: 'Allow',
      Action: 'sns:Publish',
      Resource: { Ref: expect.stringMatching(/^JobsTopic/) },
    };
    expect(statementsOf(apiTemplate())).toEqual([publish]);
    expect(statementsOf(Template.fromStack(platformStack({ jobs, topicKey }, app)))).toEqual([
      publish,
      { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Resource: expect.anything() },
    ]);
  });
});

test('an alarm tells when it fails', () => {
  const { ErrorAlarm } = resourcesOf(apiTemplate());
  expect(ErrorAlarm?.Properties).toMatchObject({
    AlarmName: 'jobs-dev-api-errors',
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Statistic: 'Sum',
    Period: 60,
    Threshold: 1,
    TreatMissingData: 'notBreaching',
    Dimensions: [{ Name: 'FunctionName', Value: ref('Function') }],
    AlarmActions: [{ Ref: expect.stringMatching(/^JobsAlarmTopic/) }],
    AlarmDescription: expect.stringContaining('the log group /aws/lambda/jobs-dev-api'),
  });
});

test('a job called anything is beside it', () => {
  const names = ['Api', 'FilesBucket', 'StatusTable', 'Function', 'HttpApi'];
  const template = templateOf({ jobs: names.map((name) => bundledJob(name, { track: true })), api: { jwt } });
  template.resourceCountIs('AWS::Lambda::Function', names.length + 1);
});
