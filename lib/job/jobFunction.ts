import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { JobNames } from '../../src/names.ts';
import type { BundledJob } from '../bundle/bundle.ts';
import { BundleCode } from '../bundle/bundleCode.ts';
import { functionRole } from './jobRole.ts';
import type { JobSettings } from './jobSettings.ts';
import type { JobStores } from './jobStores.ts';
import { runtimeVariables } from './runtimeVariables.ts';

/** The least that a job's log carries. */
export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

export interface JobFunctionProps extends JobStores {
  readonly job: BundledJob;
  readonly names: JobNames;
  readonly settings: JobSettings;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly logRetention: RetentionDays;
  readonly logLevel: LogLevel | undefined;
}

/** A job's function, with a role and a log group of its own. */
export function jobFunction(scope: Construct, props: JobFunctionProps): LambdaFunction {
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
