import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Stack } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { JobPlatformStackProps } from '../../../lib/platform/jobPlatform.ts';
import type { Compute } from '../../../src/job/compute.ts';
import type { JobOptions } from '../../../src/job/index.ts';
import { bundledJob, logicalIds, platformStack, resourcesByPath, templateOf, testApp } from '../template.ts';

const job = 'Jobs/Job/ReportJob';

function fargate(options: Partial<JobOptions> = {}, props: Partial<JobPlatformStackProps> = {}): Template {
  return templateOf({ jobs: [bundledJob('ReportJob', { compute: 'fargate', ...options })], ...props });
}

const withCompute = (compute: Compute) => resourcesByPath(fargate({ compute }));

describe('a job on Fargate', () => {
  const template = fargate();
  const resources = resourcesByPath(template);
  const ids = logicalIds(template);
  const refTo = (path: string) => ({ Ref: ids[`Platform/${path}/Resource`] });
  const container = resources[`${job}/TaskDefinition`]?.Properties.ContainerDefinitions[0];

  test('has queues and alarms like any other, and a service instead of a function', () => {
    const ofJob = Object.entries(resources).filter(([path]) => path.startsWith(`${job}/`));
    expect(ofJob.map(([path, { Type }]) => [path.slice(job.length + 1), Type.slice('AWS::'.length)])).toEqual(
      [
        ['DeadLetterQueue', 'SQS::Queue'],
        ['DeadLetterQueue/Policy', 'SQS::QueuePolicy'],
        ['Queue', 'SQS::Queue'],
        ['Queue/Policy', 'SQS::QueuePolicy'],
        ['Subscription', 'SNS::Subscription'],
        ['Role', 'IAM::Role'],
        ['TaskDefinition', 'ECS::TaskDefinition'],
        ['TaskDefinition/LogGroup', 'Logs::LogGroup'],
        ['TaskDefinition/ExecutionRole', 'IAM::Role'],
        ['TaskDefinition/ExecutionRole/DefaultPolicy', 'IAM::Policy'],
        ['Service/Service', 'ECS::Service'],
        ['ScalableTarget', 'ApplicationAutoScaling::ScalableTarget'],
        ['BacklogScaling', 'ApplicationAutoScaling::ScalingPolicy'],
        ['IdleScaling', 'ApplicationAutoScaling::ScalingPolicy'],
        ['ScalingAlarm', 'CloudWatch::Alarm'],
        ['IdleAlarm', 'CloudWatch::Alarm'],
        ['DeadLetterAgeAlarm', 'CloudWatch::Alarm'],
        ['BacklogAlarm', 'CloudWatch::Alarm'],
      ],
    );
    expect(resources[`${job}/Queue`]?.Properties.VisibilityTimeout).toBe(120);
  });

  test('its task: arm64, a quarter of a vCPU, named after the job', () => {
    expect(resources[`${job}/TaskDefinition`]?.Properties).toMatchObject({
      Family: 'jobs-dev-ReportJob',
      Cpu: '256',
      Memory: '512',
      NetworkMode: 'awsvpc',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
  });

  test('its container: no root, nothing to write to, an init process, 120 s to stop', () => {
    expect(container).toMatchObject({
      User: '1000:1000',
      ReadonlyRootFilesystem: true,
      StopTimeout: 120,
      LinuxParameters: { InitProcessEnabled: true },
      LogConfiguration: { LogDriver: 'awslogs', Options: { 'awslogs-stream-prefix': 'worker' } },
    });
    expect(container.HealthCheck.Command.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
    expect(container.HealthCheck.Command[3]).toContain('http://127.0.0.1:8080/healthz');
    expect(resources[`${job}/TaskDefinition/LogGroup`]?.Properties).toMatchObject({
      LogGroupName: '/ecs/jobs-dev-ReportJob',
      RetentionInDays: 30,
    });
  });

  test('its environment', () => {
    const environment = container.Environment.map(({ Name, Value }: Record<string, unknown>) => [
      Name,
      Value,
    ]);
    expect(Object.fromEntries(environment)).toEqual({
      JOB_QUEUE_URL: refTo(`${job}/Queue`),
      JOB_DEAD_LETTER_QUEUE_URL: refTo(`${job}/DeadLetterQueue`),
      JOB_CODE_VERSION: 'hash-of-ReportJob',
      JOB_FILES_BUCKET: refTo('Jobs/FilesBucket'),
      JOB_CONCURRENCY: '10',
      JOB_STOP_TIMEOUT: '110s',
      JOB_HEALTH_PORT: '8080',
      AWS_REGION: { Ref: 'AWS::Region' },
      NODE_OPTIONS: '--enable-source-maps',
    });
  });

  test("its service: no count of its own, a circuit breaker, the cluster's network, no door open", () => {
    const service = resources[`${job}/Service/Service`];
    expect(service?.Properties).toMatchObject({
      ServiceName: 'jobs-dev-ReportJob',
      Cluster: refTo('Jobs/Workers/Cluster'),
      CapacityProviderStrategy: [{ CapacityProvider: 'FARGATE', Weight: 1 }],
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
      },
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'ENABLED' } },
    });
    expect(service?.Properties).not.toHaveProperty('DesiredCount');
    expect(resources['Jobs/Workers/SecurityGroup']?.Properties).not.toHaveProperty('SecurityGroupIngress');
    expect(Object.values(resources).map(({ Type }) => Type)).not.toContain('AWS::EC2::NatGateway');
  });

  test('its first task is not started before it can pull its image', () => {
    expect(resources[`${job}/Service/Service`]?.DependsOn).toEqual(
      expect.arrayContaining([
        ids['Platform/Jobs/Vpc/PublicSubnet1/DefaultRoute'],
        ids['Platform/Jobs/Workers/CapacityProviders'],
        ids[`Platform/${job}/TaskDefinition/ExecutionRole/DefaultPolicy/Resource`],
      ]),
    );
  });

  test('its role: the queues, and protecting the tasks of the cluster; its log is not its own business', () => {
    const { AssumeRolePolicyDocument, Policies } = resources[`${job}/Role`]?.Properties ?? {};
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
    const statements = Policies.flatMap(
      (policy: { PolicyDocument: { Statement: object[] } }) => policy.PolicyDocument.Statement,
    );
    expect(statements.map(({ Action }: { Action: unknown }) => Action)).toEqual([
      [
        'sqs:ChangeMessageVisibility',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:ReceiveMessage',
        'sqs:SendMessage', // what comes too late to be run while stopping
      ],
      'sqs:SendMessage',
      's3:GetObject',
      'ecs:UpdateTaskProtection',
    ]);
    expect(JSON.stringify(statements[2].Resource)).toContain('/payloads/ReportJob/*');
    expect(JSON.stringify(statements[3].Resource)).toContain(':task/jobs-dev/*');
  });

  test('is granted more like any other job', () => {
    const stack = platformStack({ jobs: [bundledJob('ReportJob', { compute: 'fargate' })] }, testApp());
    new Bucket(stack, 'Bucket').grantRead(stack.platform.job('ReportJob'));
    const found = resourcesByPath(Template.fromStack(stack))[`${job}/Role/DefaultPolicy`];
    expect(JSON.stringify(found?.Properties.PolicyDocument)).toContain('s3:GetObject*');
    expect(stack.platform.job('ReportJob')).toMatchObject({ function: undefined });
    expect(stack.platform.job('ReportJob').service?.serviceName).toBeDefined();
  });

  test('its alarms say where to look', () => {
    const text = (path: string) => JSON.stringify(resources[`${job}/${path}`]?.Properties.AlarmDescription);
    expect(text('BacklogAlarm')).toContain(
      'aws ecs describe-services --cluster jobs-dev --services jobs-dev-ReportJob',
    );
    for (const path of ['BacklogAlarm', 'DeadLetterAgeAlarm']) {
      expect(text(path)).toContain('/ecs/jobs-dev-ReportJob');
      expect(text(path)).not.toContain('lambda');
    }
  });
});

describe('its scaling', () => {
  const resources = withCompute({
    type: 'fargate',
    min: 1,
    max: 3,
    concurrency: 5,
    latency: '1m',
    messageDuration: '30s',
  });
  const steps = (path: string, of = resources) =>
    of[`${job}/${path}`]?.Properties.StepScalingPolicyConfiguration.StepAdjustments;

  test('by the backlog: exact numbers of tasks, counted from the alarm, which is up from one message on', () => {
    expect(resources[`${job}/ScalingAlarm`]?.Properties).toMatchObject({
      Threshold: 1,
      EvaluationPeriods: 1,
    });
    expect(resources[`${job}/BacklogScaling`]?.Properties.StepScalingPolicyConfiguration).toMatchObject({
      AdjustmentType: 'ExactCapacity',
      Cooldown: 0,
    });
    expect(steps('BacklogScaling')).toEqual([
      { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 1 },
      { MetricIntervalLowerBound: 10, MetricIntervalUpperBound: 20, ScalingAdjustment: 2 },
      { MetricIntervalLowerBound: 20, ScalingAdjustment: 3 },
    ]);
  });

  test('back to min when idle', () => {
    expect(resources[`${job}/IdleAlarm`]?.Properties).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 5,
      TreatMissingData: 'breaching',
    });
    expect(steps('IdleScaling')).toEqual([{ MetricIntervalUpperBound: 0, ScalingAdjustment: 1 }]);
    expect(steps('IdleScaling', withCompute('fargate'))).toEqual([
      { MetricIntervalUpperBound: 0, ScalingAdjustment: 0 },
    ]);
  });

  test('both alarms go by what waits and what runs, minute by minute, and tell nobody', () => {
    for (const [path, policy] of [
      ['ScalingAlarm', 'BacklogScaling'],
      ['IdleAlarm', 'IdleScaling'],
    ]) {
      const { Metrics, AlarmActions } = resources[`${job}/${path}`]?.Properties ?? {};
      expect(AlarmActions).toEqual([{ Ref: expect.stringContaining(policy as string) }]);
      expect(
        Metrics.map(
          (query: { Expression?: string; MetricStat?: { Period: number; Metric: { MetricName: string } } }) =>
            query.Expression ?? [query.MetricStat?.Metric.MetricName, query.MetricStat?.Period],
        ),
      ).toEqual([
        'waiting + running',
        ['ApproximateNumberOfMessagesVisible', 60],
        ['ApproximateNumberOfMessagesNotVisible', 60],
      ]);
    }
  });

  test('within min and max', () => {
    expect(resources[`${job}/ScalableTarget`]?.Properties).toMatchObject({
      MinCapacity: 1,
      MaxCapacity: 3,
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
    });
  });
});

describe('what a job may choose', () => {
  test('spot', () => {
    expect(
      withCompute({ type: 'fargate', spot: true })[`${job}/Service/Service`]?.Properties
        .CapacityProviderStrategy,
    ).toEqual([{ CapacityProvider: 'FARGATE_SPOT', Weight: 1 }]);
  });

  test('its size, its concurrency and its variables', () => {
    const resources = resourcesByPath(
      fargate({
        compute: { type: 'fargate', cpu: 1024, memory: 4096, concurrency: 3 },
        environment: { NODE_OPTIONS: '' },
      }),
    );
    const { Cpu, Memory, ContainerDefinitions } = resources[`${job}/TaskDefinition`]?.Properties ?? {};
    expect([Cpu, Memory]).toEqual(['1024', '4096']);
    expect(ContainerDefinitions[0].Environment).toEqual(
      expect.arrayContaining([
        { Name: 'JOB_CONCURRENCY', Value: '3' },
        { Name: 'NODE_OPTIONS', Value: '' },
      ]),
    );
  });

  test('idempotency', () => {
    const resources = resourcesByPath(fargate({ idempotency: {} }));
    const [container] = resources[`${job}/TaskDefinition`]?.Properties.ContainerDefinitions ?? [];
    expect(container.Environment.map(({ Name }: { Name: string }) => Name)).toContain(
      'JOB_IDEMPOTENCY_TABLE',
    );
    expect(JSON.stringify(resources[`${job}/Role`]?.Properties)).toContain('dynamodb:PutItem');
  });
});

test('tracking and uploads: its own record and its own files, like any other', () => {
  const resources = resourcesByPath(fargate({ track: true, uploads: { contentTypes: ['text/plain'] } }));
  const [container] = resources[`${job}/TaskDefinition`]?.Properties.ContainerDefinitions ?? [];
  expect(container.Environment.map(({ Name }: { Name: string }) => Name)).toEqual(
    expect.arrayContaining(['JOB_FILES_BUCKET', 'JOB_STATUS_TABLE']),
  );
  const role = JSON.stringify(resources[`${job}/Role`]?.Properties);
  for (const own of ['payloads', 'uploads', 'results']) expect(role).toContain(`/${own}/ReportJob/*`);
  expect(role).toContain('dynamodb:UpdateItem');
});

describe('what the jobs share', () => {
  test('one cluster and network for all of them, none without such a job', () => {
    const jobs = [
      bundledJob('A', { compute: 'fargate' }),
      bundledJob('B', { compute: 'fargate' }),
      bundledJob('C'),
    ];
    const types = Object.values(resourcesByPath(templateOf({ jobs }))).map(({ Type }) => Type);
    const count = (type: string) => types.filter((one) => one === type).length;
    expect(
      ['AWS::EC2::VPC', 'AWS::ECS::Cluster', 'AWS::ECS::Service', 'AWS::Lambda::Function'].map(count),
    ).toEqual([1, 1, 2, 1]);
    const without = Object.values(resourcesByPath(templateOf())).map(({ Type }) => Type);
    expect(without.filter((type) => /EC2|ECS|AutoScaling/.test(type))).toEqual([]);
  });

  test('a VPC of your own: its private subnets, without a public address', () => {
    const app = testApp();
    const vpc = new Vpc(new Stack(app, 'Network'), 'Vpc', {
      maxAzs: 1,
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC },
        { name: 'Workers', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      ],
    }) as NonNullable<JobPlatformStackProps['vpc']>;
    const stack = platformStack({ jobs: [bundledJob('ReportJob', { compute: 'fargate' })], vpc }, app);
    const resources = resourcesByPath(Template.fromStack(stack));
    const network = resources[`${job}/Service/Service`]?.Properties.NetworkConfiguration.AwsvpcConfiguration;
    expect(network.AssignPublicIp).toBe('DISABLED');
    expect(JSON.stringify(network.Subnets)).toContain('WorkersSubnet1');
    expect(Object.values(resources).map(({ Type }) => Type)).not.toContain('AWS::EC2::VPC');
  });
});

test.each([{}, { env: { region: 'eu-west-1', account: '111122223333' } }])(
  'AwsSolutions finds nothing that is not acknowledged (%j)',
  (props) => {
    const jobs = [
      bundledJob('ReportJob', {
        compute: { type: 'fargate', spot: true },
        idempotency: {},
        track: true,
        uploads: { contentTypes: ['text/plain'] },
      }),
    ];
    const stack = platformStack({ jobs, stage: 'prod', ...props }, testApp());
    const pack = new AwsSolutionsChecks(stack.node.root as never);
    expect(pack.validateScope(stack).violations).toEqual([]);
  },
);
