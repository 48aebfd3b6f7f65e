import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { JobNames } from '../../src/names.ts';
import type { BundledJob } from '../bundle/bundle.ts';
import { BundleCode } from '../bundle/bundleCode.ts';
import type { JobStores } from '../platform/stores.ts';
import { functionRole } from './jobRole.ts';
import type { JobSettings } from './jobSettings.ts';

/** The least severe lines that a log carries. */
export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** What runs a job needs, be it a function or a service. */
export interface JobRunnerProps extends JobStores {
  readonly job: BundledJob;
  readonly names: JobNames;
  readonly settings: JobSettings;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly logRetention: RetentionDays;
  readonly logLevel: LogLevel | undefined;
}

/** A job's function, with a role and a log group of its own. */
export function jobFunction(scope: Construct, props: JobRunnerProps): LambdaFunction {
  const { job, names, settings } = props;
  const logGroup = new LogGroup(scope, 'LogGroup', {
    logGroupName: names.logGroup,
    retention: props.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new LambdaFunction(scope, 'Function', {
    functionName: names.function,
    description: `The job ${job.name}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    code: new BundleCode(job.bundle),
    role: functionRole(scope, 'Role', {
      ...props,
      permissions: settings.permissions,
      logGroup,
    }),
    logGroup,
    timeout: Duration.seconds(settings.timeoutSeconds),
    memorySize: settings.memoryMegabytes,
    environment: runtimeVariables(props),
  });
}

/** The environment variables that the runtime reads, in Lambda and in a worker, and the job file's own. */
export function runtimeVariables(props: JobRunnerProps): Record<string, string> {
  const { job, settings, queue, deadLetterQueue, logLevel, filesBucket, idempotencyTable, statusTable } =
    props;
  return {
    JOB_QUEUE_URL: queue.queueUrl,
    JOB_DEAD_LETTER_QUEUE_URL: deadLetterQueue.queueUrl,
    JOB_CODE_VERSION: job.bundle.hash,
    JOB_FILES_BUCKET: filesBucket.bucketName,
    ...(idempotencyTable === undefined ? {} : { JOB_IDEMPOTENCY_TABLE: idempotencyTable.tableName }),
    ...(statusTable === undefined ? {} : { JOB_STATUS_TABLE: statusTable.tableName }),
    ...(logLevel === undefined ? {} : { POWERTOOLS_LOG_LEVEL: logLevel }),
    ...settings.environment,
    NODE_OPTIONS: nodeOptions(settings.environment.NODE_OPTIONS),
  };
}

/**
 * Source maps make a dead letter's stack readable. They cost no measurable time at a cold start, since they hold no source
 * text. A job file's own options come beside them; an empty text turns source maps off.
 */
function nodeOptions(own: string | undefined): string {
  const sourceMaps = '--enable-source-maps';
  if (own === undefined) return sourceMaps;
  return own === '' ? '' : `${sourceMaps} ${own}`;
}
