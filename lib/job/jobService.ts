import type {
  ContainerDefinitionOptions,
  FargateService,
  FargateTaskDefinition,
  HealthCheck,
} from 'aws-cdk-lib/aws-ecs';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FargateSettings } from '../../src/job/compute.ts';
import { ecrAssets, ecs } from '../platform/lazyModules.ts';
import { wildcardFinding } from '../platform/permissions.ts';
import type { WorkerCluster } from '../platform/workerCluster.ts';
import { type JobRunnerProps, runtimeVariables } from './jobFunction.ts';
import { taskRole } from './jobRole.ts';
import { addJobScaling } from './jobScaling.ts';

interface JobServiceProps extends JobRunnerProps {
  readonly fargate: FargateSettings;
  readonly workers: WorkerCluster;
}

/** A job's service on Fargate, which runs as many workers as its queue's backlog calls for. */
export function jobService(
  scope: Construct,
  props: JobServiceProps,
): { service: FargateService; role: Role } {
  const { names, fargate, workers } = props;
  const role = taskRole(scope, 'Role', {
    ...props,
    permissions: props.settings.permissions,
    clusterName: workers.clusterName,
  });
  const taskDefinition = addTaskDefinition(scope, props, role);
  const service = new (ecs().FargateService)(scope, 'Service', {
    serviceName: names.service,
    cluster: workers.cluster,
    taskDefinition,
    capacityProviderStrategies: [{ capacityProvider: fargate.spot ? 'FARGATE_SPOT' : 'FARGATE', weight: 1 }],
    // Without a desired count the first deployment starts one task, which proves that the task can start. From then on
    // auto scaling decides, and a later deployment leaves the count alone.
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    circuitBreaker: { rollback: true },
    vpcSubnets: workers.subnets,
    assignPublicIp: workers.assignPublicIp,
    securityGroups: [workers.securityGroup],
    propagateTags: ecs().PropagatedTagSource.SERVICE,
  });
  service.node.addDependency(...workers.ready, taskDefinition.obtainExecutionRole());
  addJobScaling(scope, { ...props, service });
  return { service, role };
}

function addTaskDefinition(scope: Construct, props: JobServiceProps, role: Role): FargateTaskDefinition {
  const { names, fargate } = props;
  const { CpuArchitecture, FargateTaskDefinition, OperatingSystemFamily } = ecs();
  const taskDefinition = new FargateTaskDefinition(scope, 'TaskDefinition', {
    family: names.service,
    cpu: fargate.cpu,
    memoryLimitMiB: fargate.memory,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.ARM64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
    taskRole: role,
  });
  taskDefinition.addContainer('Worker', container(taskDefinition, props));
  Validations.of(taskDefinition).acknowledge(
    { id: 'AwsSolutions-ECS2', reason: 'The variables hold names and URLs, no secrets.' },
    {
      id: wildcardFinding(scope, '*'),
      reason: 'Its execution role logs in to ECR, which ecr:GetAuthorizationToken allows for all or nothing.',
    },
  );
  return taskDefinition;
}

function container(scope: Construct, props: JobServiceProps): ContainerDefinitionOptions {
  const { job, names } = props;
  const { ContainerImage, LinuxParameters, LogDrivers } = ecs();
  const logGroup = new LogGroup(scope, 'LogGroup', {
    logGroupName: names.serviceLogGroup,
    retention: props.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return {
    containerName: 'worker',
    image: ContainerImage.fromAsset(job.bundle.directory, { platform: ecrAssets().Platform.LINUX_ARM64 }),
    environment: environment(scope, props),
    logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'worker' }),
    user: nodeUser,
    readonlyRootFilesystem: true,
    stopTimeout: Duration.seconds(stopTimeoutSeconds),
    linuxParameters: new LinuxParameters(scope, 'LinuxParameters', { initProcessEnabled: true }),
    healthCheck,
  };
}

/** Fargate's maximum. Running jobs get most of it after SIGTERM; the rest is for handing back what is unfinished. */
const stopTimeoutSeconds = 120;
const workersStopTimeout = '110s';

/** The user `node` of the official images. */
const nodeUser = '1000:1000';

const healthPort = 8080;

/** Node itself sends the request, from inside the container: a slim image has no curl. */
const healthCheck: HealthCheck = {
  command: [
    'CMD',
    'node',
    '-e',
    `fetch('http://127.0.0.1:${healthPort}/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`,
  ],
  interval: Duration.seconds(30),
  timeout: Duration.seconds(10),
  retries: 3,
  startPeriod: Duration.seconds(60),
};

/** The runtime's variables and the job file's own, then the worker's. */
function environment(scope: Construct, props: JobServiceProps): Record<string, string> {
  return {
    ...runtimeVariables(props),
    AWS_REGION: Stack.of(scope).region,
    JOB_CONCURRENCY: String(props.fargate.concurrency),
    JOB_STOP_TIMEOUT: workersStopTimeout,
    JOB_HEALTH_PORT: String(healthPort),
  };
}
