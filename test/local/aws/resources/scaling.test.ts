import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Stack } from '../../../../local/aws/assembly/assembly.ts';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';
import { createReconciler, type Reconciler } from '../../../../local/aws/resources/reconcile.ts';
import type { ResourceContext } from '../../../../local/aws/resources/resourceType.ts';
import { eventually } from '../fixtures/assembly/eventually.ts';

let directory: string;
let engine: Engine;
let reconciler: Reconciler;
let lines: string[];
const tasks: ResourceContext['tasks'] = { definitions: new Map(), services: new Map() };
const scaling: ResourceContext['scaling'] = { targets: new Map(), policies: new Map() };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scaling-'));
  await writeFile(
    join(directory, 'index.mjs'),
    "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('up ' + process.env.VERSION);",
  );
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 60 });
  lines = [];
  const onLog: ResourceContext['onLog'] = ({ text }) => void lines.push(text);
  const context: Partial<ResourceContext> = {
    place: { ...engine, apiUrl: String },
    engine,
    functions: new Map(),
    tasks,
    localVariables: {},
    inspectPortOf: () => undefined,
    containers: { queueName: () => undefined, onOneMachine: (environment) => ({ ...environment }) },
    scaling,
    onLog,
    onWarning: (text) => void lines.push(text),
  };
  reconciler = createReconciler(context as ResourceContext); // these templates have neither alarms nor e-mail
});
afterEach(async () => {
  await reconciler.stop(0);
  await engine.stop();
  await rm(directory, { recursive: true, force: true });
});

const steps = (AdjustmentType: string, StepAdjustments: object[], more: object = {}) => ({
  Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
  Properties: {
    PolicyName: AdjustmentType,
    PolicyType: 'StepScaling',
    ScalingTargetId: { Ref: 'Target' },
    StepScalingPolicyConfiguration: { AdjustmentType, StepAdjustments, ...more },
  },
});

function resources(version = 'one', bounds = { MinCapacity: 0, MaxCapacity: 4 }) {
  return {
    Tasks: {
      Type: 'AWS::ECS::TaskDefinition',
      Properties: {
        Family: 'f',
        ContainerDefinitions: [
          { Name: 'worker', Image: 'registry:abc', Environment: [{ Name: 'VERSION', Value: version }] },
        ],
      },
    },
    Service: {
      Type: 'AWS::ECS::Service',
      Properties: { ServiceName: 's', TaskDefinition: { Ref: 'Tasks' } },
    },
    Target: {
      Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
      Properties: {
        ResourceId: { 'Fn::Join': ['/', ['service', 'cluster', { 'Fn::GetAtt': ['Service', 'Name'] }]] },
        ScalableDimension: 'ecs:service:DesiredCount',
        ServiceNamespace: 'ecs',
        ...bounds,
      },
    },
    Exact: steps(
      'ExactCapacity',
      [
        { MetricIntervalUpperBound: 0, ScalingAdjustment: 0 },
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 10, ScalingAdjustment: 9 },
      ],
      { Cooldown: 0 },
    ),
    Change: steps('ChangeInCapacity', [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]),
  };
}

function apply(Resources: object) {
  const stack: Stack = {
    name: 'stack',
    template: { Resources } as Stack['template'],
    assets: new Map([['abc', directory]]),
  };
  return reconciler.apply({ directory: '/', stacks: [stack] });
}

const desiredCount = () => tasks.services.get('s')?.service.desiredCount;
const alarmAt = (policy: string, breach: number) =>
  scaling.policies.get(
    `arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:local:policyName/${policy}`,
  )?.(breach);

describe('a service with auto scaling', () => {
  test('starts with one task, as on AWS where no count is given', async () => {
    expect((await apply(resources())).problems).toEqual([]);
    expect(desiredCount()).toBe(1);
    await eventually('a worker', () => lines.includes('up one'));
  });

  test('is brought within its bounds at once, and when they change', async () => {
    await apply(resources('one', { MinCapacity: 2, MaxCapacity: 4 }));
    expect(desiredCount()).toBe(2);
    await apply(resources('one', { MinCapacity: 0, MaxCapacity: 1 }));
    expect(desiredCount()).toBe(1);
  });

  test.each([
    [0, 1],
    [9, 1],
    [10, 4], // 9, but for the maximum
    [-1, 0],
  ])('exact capacity at a breach of %i: %i', async (breach, count) => {
    await apply(resources());
    alarmAt('ExactCapacity', breach);
    expect(desiredCount()).toBe(count);
  });

  test('a change in capacity waits for its cooldown', async () => {
    await apply(resources());
    alarmAt('ChangeInCapacity', 0);
    alarmAt('ChangeInCapacity', 0);
    expect(desiredCount()).toBe(2);
  });

  test('a new bundle replaces its workers, and leaves their number alone', async () => {
    await apply(resources());
    alarmAt('ExactCapacity', 10);
    await eventually('four', () => lines.filter((line) => line === 'up one').length === 4);
    const { updated } = await apply(resources('two'));
    expect(updated).toEqual(['Tasks']);
    await eventually('four new ones', () => lines.filter((line) => line === 'up two').length === 4);
    await eventually('the old are gone', () => tasks.services.get('s')?.service.pids.length === 4);
  });

  test('ends with its resources', async () => {
    await apply(resources());
    const [pid] = tasks.services.get('s')?.service.pids ?? [];
    expect(pid).toBeDefined();
    await apply({});
    expect([
      tasks.definitions.size,
      tasks.services.size,
      scaling.targets.size,
      scaling.policies.size,
    ]).toEqual([0, 0, 0, 0]);
  });

  test('what does not run locally is named', async () => {
    const { Tasks, Exact, Target, ...others } = resources();
    const container = { Name: 'worker', Image: 'nginx:latest' };
    const { problems } = await apply({
      ...others,
      Tasks: { ...Tasks, Properties: { Family: 'f', ContainerDefinitions: [container] } },
      Exact: { ...Exact, Properties: { ...Exact.Properties, PolicyType: 'TargetTrackingScaling' } },
      Target: {
        ...Target,
        Properties: { ...Target.Properties, ScalableDimension: 'dynamodb:table:ReadCapacityUnits' },
      },
    });
    expect(problems.map(({ logicalId, why }) => `${logicalId}: ${why}`)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('Tasks: its image nginx:latest does not run locally'),
        expect.stringContaining('Exact: TargetTrackingScaling is not evaluated locally'),
        expect.stringContaining('Target: dynamodb:table:ReadCapacityUnits is not scaled locally'),
      ]),
    );
  });
});
