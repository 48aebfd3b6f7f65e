import { type LocalService, startService } from '../worker/service.ts';
import type { Finding, Resource, ResourceContext, Resources, ResourceType } from './resourceType.ts';
import { environmentOf, taskDefinition } from './taskDefinition.ts';

export const service: ResourceType<LocalService> = {
  type: 'AWS::ECS::Service',
  honoured: ['ServiceName', 'TaskDefinition', 'DesiredCount'],
  notEvaluated: [
    'CapacityProviderStrategy',
    'Cluster',
    'DeploymentConfiguration',
    'DeploymentController',
    'EnableECSManagedTags',
    'EnableExecuteCommand',
    'LaunchType',
    'LoadBalancers',
    'NetworkConfiguration',
    'PlatformVersion',
    'PropagateTags',
    'SchedulingStrategy',
    'Tags',
  ],
  name: { property: 'ServiceName', maxLength: 255 },
  takesWork: true,

  ref: (name, { region, accountId }) => `arn:aws:ecs:${region}:${accountId}:service/${name}`,
  attributes: (name, place) => ({ Name: name, ServiceArn: service.ref(name, place) }),

  check: (resource, all) => checkTaskDefinition(resource, all),

  async create(resource, context) {
    const { TaskDefinition, DesiredCount = 1 } = resource.properties;
    const queueName = queueOf(resource, context);
    if (queueName !== undefined) context.engine.consumedByWorkers(queueName, true);
    const created = await startService(configOf(resource, context), Number(DesiredCount), {
      onLog: context.onLog,
      onWarning: context.onWarning,
      endLongPolls: () => {
        if (queueName !== undefined) context.engine.endLongPolls(queueName);
      },
    });
    context.tasks.services.set(resource.name, {
      service: created,
      taskDefinitionArn: String(TaskDefinition),
    });
    return created;
  },

  /** A count that the template does not give is auto scaling's. */
  async update(resource, running, context) {
    const { TaskDefinition, DesiredCount } = resource.properties;
    context.tasks.services.set(resource.name, {
      service: running,
      taskDefinitionArn: String(TaskDefinition),
    });
    running.update(configOf(resource, context));
    if (DesiredCount !== undefined) running.scaleTo(Number(DesiredCount));
    return running;
  },

  async delete(resource, running, context) {
    context.tasks.services.delete(resource.name);
    await running.stop({ drainMs: DELETE_DRAIN_MS });
    const queueName = queueOf(resource, context);
    if (queueName !== undefined) context.engine.consumedByWorkers(queueName, false);
  },

  stop: (running, drainMs) => running.stop({ drainMs }),
};

/** As long as a function's. */
const DELETE_DRAIN_MS = 5_000;

function configOf(resource: Resource, { tasks }: ResourceContext) {
  const definition = tasks.definitions.get(String(resource.properties.TaskDefinition));
  if (definition === undefined) throw new Error(`${resource.properties.TaskDefinition} does not run`);
  return { ...definition.worker, serviceName: resource.name };
}

/** The queue that its workers consume, by what they are told. */
function queueOf({ properties }: Resource, { tasks }: ResourceContext): string | undefined {
  const url = tasks.definitions.get(String(properties.TaskDefinition))?.worker.environment.JOB_QUEUE_URL;
  return url?.split('/').at(-1);
}

/** The queue that a service's workers consume, off the resources alone; undefined for another kind of service. */
export function queueOfService({ properties }: Resource, resources: readonly Resource[]): string | undefined {
  const family = String(properties.TaskDefinition).split('/').at(-1);
  const definition = resources.find(({ type, name }) => type === taskDefinition.type && name === family);
  return definition && environmentOf(definition).JOB_QUEUE_URL?.split('/').at(-1);
}

function checkTaskDefinition({ properties }: Resource, all: Resources): Finding[] {
  const property = 'TaskDefinition';
  const family = String(properties.TaskDefinition).split('/').at(-1);
  if (all.list.some(({ type, name }) => type === taskDefinition.type && name === family)) return [];
  return [
    { property, why: `${properties.TaskDefinition} is no task definition of this assembly`, refused: true },
  ];
}
