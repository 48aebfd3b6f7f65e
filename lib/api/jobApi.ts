import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  FunctionUrlAuthType,
  HttpMethod,
  InvokeMode,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { alarmName, functionLogGroup } from '../../src/names.ts';
import { statusIndex } from '../../src/tracking/defaults.ts';
import type { JobBundle } from '../bundle/bundle.ts';
import { BundleCode } from '../bundle/bundleCode.ts';
import type { LogLevel } from '../job/jobFunction.ts';
import { acknowledgeFiles, allow, allowFiles, type FileAccess } from '../platform/permissions.ts';
import { eachMinute, notify, PlatformAlarm } from '../platform/platformAlarm.ts';
import type { ResourceNames } from '../platform/resourceNames.ts';
import type { FilesBucket, StatusTable } from '../platform/stores.ts';
import type { JobApiOptions } from './apiOptions.ts';
import { apiCors, httpApi } from './httpApi.ts';

interface JobApiProps {
  readonly names: ResourceNames;
  /** The bundle of src/api, which holds what it has to know of the tracked jobs. */
  readonly bundle: JobBundle;
  /** The tracked jobs' names. */
  readonly trackedJobs: readonly string[];
  readonly topic: ITopic;
  readonly alarmTopic: ITopic;
  readonly statusTable: StatusTable;
  readonly filesBucket: FilesBucket;
  /** Who may call the API, and from which websites. */
  readonly options: JobApiOptions;
  readonly logRetention: RetentionDays;
  readonly logLevel: LogLevel | undefined;
}

/**
 * The API of the jobs that track: schedules jobs, tells their state, progress and result, and cancels them. It stands
 * behind a function URL that takes signed requests only or, where callers bring tokens, behind an HTTP API that checks
 * them.
 */
export class JobApi extends Construct {
  /** The URL may end in a slash; clients strip it. */
  readonly url: string;
  /** Behind a function URL, `api.function.grantInvokeUrl(backEnd)` lets a role of yours call the API. */
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: JobApiProps) {
    super(scope, id);
    const { names, options, logRetention } = props;
    const { jwt, origins = [] } = options;
    const handler = apiFunction(this, props);
    this.function = handler;
    this.url =
      jwt === undefined
        ? functionUrl(handler, origins)
        : httpApi(this, { name: names.api, handler, jwt, origins, logRetention });
    addErrorAlarm(this, handler, props);
  }
}

/** The function behind the API. Behind a function URL it streams, so that a page can follow a job through one request. */
function apiFunction(scope: Construct, props: JobApiProps): LambdaFunction {
  const { names, bundle } = props;
  const logGroup = new LogGroup(scope, 'LogGroup', {
    logGroupName: functionLogGroup(names.api),
    retention: props.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new LambdaFunction(scope, 'Function', {
    functionName: names.api,
    description: `The API of the platform ${names.topic}: schedules jobs, and tells what becomes of them`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    code: new BundleCode(bundle),
    role: apiRole(scope, props, logGroup),
    logGroup,
    timeout: streams(props) ? streamTimeout : httpApiTimeout,
    memorySize: 256,
    environment: environment(props),
  });
}

/** A function URL streams answers; an HTTP API does not. */
function streams({ options }: JobApiProps): boolean {
  return options.jwt === undefined;
}

/** For how long one request may follow a job. A client that wants to follow it for longer asks again. */
const streamTimeout = Duration.seconds(60);

/** The longest time that an HTTP API waits for its function. */
const httpApiTimeout = Duration.seconds(30);

function environment(props: JobApiProps): Record<string, string> {
  const { names, bundle, topic, statusTable, filesBucket, logLevel } = props;
  return {
    JOB_TOPIC_ARN: topic.topicArn,
    JOB_STATUS_TABLE: statusTable.tableName,
    JOB_FILES_BUCKET: filesBucket.bucketName,
    JOB_PLATFORM: names.topic,
    JOB_API_AUTH: streams(props) ? 'iam' : 'jwt',
    JOB_API_STREAMS: String(streams(props)),
    JOB_CODE_VERSION: bundle.hash,
    NODE_OPTIONS: '--enable-source-maps',
    ...(logLevel === undefined ? {} : { POWERTOOLS_LOG_LEVEL: logLevel }),
  };
}

function apiRole(scope: Construct, props: JobApiProps, logGroup: LogGroup): Role {
  const { names, topic, statusTable, filesBucket, trackedJobs } = props;
  const stack = Stack.of(scope);
  // Their ARNs are made of names, so that jobs may live in stacks of their own.
  const deadLetterQueues = trackedJobs.map((jobName) =>
    stack.formatArn({ service: 'sqs', resource: names.ofJob(jobName).deadLetterQueue }),
  );
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    description: `Runs the API of the platform ${names.topic}`,
    inlinePolicies: {
      RunApi: new PolicyDocument({
        statements: [
          allow(statusTable.tableArn, ...statusActions),
          allow(`${statusTable.tableArn}/index/${statusIndex}`, 'dynamodb:Query'),
          ...fileAccesses.map((access) => allowFiles(filesBucket, access)),
          allow(deadLetterQueues, 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'),
          allow(logGroup.logGroupArn, 'logs:CreateLogStream', 'logs:PutLogEvents'),
        ],
      }),
    },
  });
  topic.grantPublish(role);
  acknowledgeFiles(
    role,
    filesBucket,
    fileAccesses,
    "The files of every tracked job's messages: it serves them all.",
  );
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]',
    reason: "Publishing to a topic with a key takes it, on that key alone; it is the CDK's own grant.",
  });
  return role;
}

const statusActions = [
  'dynamodb:GetItem',
  'dynamodb:BatchGetItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
];

/** A presigned URL allows what its signer may do: whoever uploads by such a URL acts in the name of this role. */
const fileAccesses: readonly FileAccess[] = [
  { prefix: 'payloads/', actions: ['s3:PutObject'] },
  { prefix: 'uploads/', actions: ['s3:PutObject'] },
  { prefix: 'results/', actions: ['s3:GetObject'] },
];

function functionUrl(handler: LambdaFunction, origins: readonly string[]): string {
  const { url } = handler.addFunctionUrl({
    authType: FunctionUrlAuthType.AWS_IAM,
    invokeMode: InvokeMode.RESPONSE_STREAM,
    ...(origins.length === 0
      ? {}
      : {
          cors: {
            allowedOrigins: [...origins],
            allowedMethods: apiCors.methods.map((method) => HttpMethod[method]),
            allowedHeaders: [...apiCors.requestHeaders],
            exposedHeaders: [...apiCors.responseHeaders],
            maxAge: apiCors.maxAge,
          },
        }),
  });
  return url;
}

/** A request that the function answers with an error status does not count as an error of the function. */
function addErrorAlarm(scope: Construct, handler: LambdaFunction, { names, alarmTopic }: JobApiProps): void {
  const alarm = new PlatformAlarm(scope, 'ErrorAlarm', {
    alarmName: alarmName(names.api, 'errors'),
    description:
      `The API of the platform ${names.topic} failed: its function ${names.api} did not start, timed out or crashed, ` +
      `and callers got a 5xx. The reason is in the log group ${functionLogGroup(names.api)}. Jobs that were scheduled ` +
      'before are not affected.',
    metric: handler.metricErrors({ period: eachMinute, statistic: 'Sum' }),
    threshold: 1,
  });
  notify(alarmTopic, alarm);
}
