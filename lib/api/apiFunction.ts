import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { functionLogGroup } from '../../src/names.ts';
import { statusIndex } from '../../src/tracking/defaults.ts';
import type { JobBundle } from '../bundle/bundle.ts';
import { BundleCode } from '../bundle/bundleCode.ts';
import type { LogLevel } from '../job/jobFunction.ts';
import { acknowledgeFiles, allow, allowFiles, type FileAccess } from '../job/jobStores.ts';
import type { FilesBucket } from '../platform/filesBucket.ts';
import type { ResourceNames } from '../platform/resourceNames.ts';
import type { StatusTable } from '../platform/stores.ts';

export interface ApiFunctionProps {
  readonly names: ResourceNames;
  /** Of src/api, with the jobs in it. */
  readonly bundle: JobBundle;
  readonly trackedJobs: readonly string[];
  readonly topic: ITopic;
  readonly statusTable: StatusTable;
  readonly filesBucket: FilesBucket;
  /** Who says who calls: IAM by a signature, or a token. */
  readonly auth: 'iam' | 'jwt';
  readonly logRetention: RetentionDays;
  readonly logLevel: LogLevel | undefined;
}

/** The function behind the API. Behind a function URL it streams, so a page can follow a job through one request. */
export function apiFunction(scope: Construct, props: ApiFunctionProps): LambdaFunction {
  const { names, bundle, auth } = props;
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
    timeout: auth === 'iam' ? streamTimeout : httpApiTimeout,
    memorySize: 256,
    environment: environment(props),
  });
}

/** How long one request may follow a job; a client that wants more asks again. */
const streamTimeout = Duration.seconds(60);

/** The longest that an HTTP API waits for its function. */
const httpApiTimeout = Duration.seconds(30);

function environment(props: ApiFunctionProps): Record<string, string> {
  const { names, bundle, topic, statusTable, filesBucket, auth, logLevel } = props;
  return {
    JOB_TOPIC_ARN: topic.topicArn,
    JOB_STATUS_TABLE: statusTable.tableName,
    JOB_FILES_BUCKET: filesBucket.bucketName,
    JOB_PLATFORM: names.topic,
    JOB_API_AUTH: auth,
    JOB_API_STREAMS: String(auth === 'iam'),
    JOB_CODE_VERSION: bundle.hash,
    NODE_OPTIONS: '--enable-source-maps',
    ...(logLevel === undefined ? {} : { POWERTOOLS_LOG_LEVEL: logLevel }),
  };
}

function apiRole(scope: Construct, props: ApiFunctionProps, logGroup: LogGroup): Role {
  const { names, topic, statusTable, filesBucket, trackedJobs } = props;
  const stack = Stack.of(scope);
  // By name, so that jobs may live in stacks of their own.
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

/** A presigned URL can do what its signer may: who uploads by one does it in the name of this role. */
const fileAccesses: readonly FileAccess[] = [
  { prefix: 'payloads/', actions: ['s3:PutObject'] },
  { prefix: 'uploads/', actions: ['s3:PutObject'] },
  { prefix: 'results/', actions: ['s3:GetObject'] },
];
