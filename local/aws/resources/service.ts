import { lastPart } from '../../../src/names.ts';
import { type LocalService, startService } from '../worker/service.ts';
import type { Finding, Resource, ResourceContext, Resources, ResourceType } from './resourceType.ts';
import { localArn } from './resourceType.ts';
import { taskDefinition } from './taskDefinition.ts';

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

  ref: (name, { region, accountId }) => localArn('ecs', { region, accountId }, `service/${name}`),
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

function queueOf({ properties }: Resource, { tasks, containers }: ResourceContext): string | undefined {
  const definition = tasks.definitions.get(String(properties.TaskDefinition));
  return definition && containers.queueName(definition.worker.environment);
}

/** The task definition of a service, off the resources alone; undefined where the assembly has none of that name. */
export function taskDefinitionOf(
  { properties }: Resource,
  resources: readonly Resource[],
): Resource | undefined {
  const family = lastPart(String(properties.TaskDefinition));
  return resources.find(({ type, name }) => type === taskDefinition.type && name === family);
}

function checkTaskDefinition(resource: Resource, all: Resources): Finding[] {
  if (taskDefinitionOf(resource, all.list)) return [];
  const property = 'TaskDefinition';
  const why = `${resource.properties.TaskDefinition} is no task definition of this assembly`;
  return [{ property, why, refused: true }];
}
