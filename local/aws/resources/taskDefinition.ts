import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerConfig } from '../worker/workerProcess.ts';
import type { Finding, Resource, ResourceContext, ResourceType } from './resourceType.ts';
import { localArn } from './resourceType.ts';

/** What a service runs: one container, whose image's directory holds an `index.mjs`. */
export interface TaskDefinition {
  readonly arn: string;
  readonly worker: Omit<WorkerConfig, 'serviceName'>;
}

export const taskDefinition: ResourceType<void> = {
  type: 'AWS::ECS::TaskDefinition',
  honoured: ['Family', 'ContainerDefinitions'],
  notEvaluated: [
    'Cpu',
    'EphemeralStorage',
    'ExecutionRoleArn',
    'Memory',
    'NetworkMode',
    'RequiresCompatibilities',
    'RuntimePlatform',
    'Tags',
    'TaskRoleArn',
  ],
  name: { property: 'Family', maxLength: 255 },

  ref: (name, { region, accountId }) => localArn('ecs', { region, accountId }, `task-definition/${name}`),
  attributes: (name, place) => ({ TaskDefinitionArn: taskDefinition.ref(name, place) }),

  check: (resource) => checkContainers(resource),

  async create(resource, context) {
    const definition = definitionOf(resource, context);
    context.tasks.definitions.set(definition.arn, definition);
  },

  /** As on AWS, where it would be a new revision that the services take over. */
  async update(resource, _handle, context) {
    const definition = definitionOf(resource, context);
    context.tasks.definitions.set(definition.arn, definition);
    for (const running of context.tasks.services.values()) {
      if (running.taskDefinitionArn !== definition.arn) continue;
      running.service.update({ ...definition.worker, serviceName: running.service.serviceName });
    }
  },

  async delete({ name }, _handle, { tasks, place }) {
    tasks.definitions.delete(taskDefinition.ref(name, place));
  },
};

/** Where the bundle of a task definition's container lies; undefined when its image is not part of the assembly. */
export function imageDirectory(resource: Resource): string | undefined {
  const image = String(containersOf(resource)[0]?.Image ?? '');
  return resource.stack.assets.get(image.split(':').at(-1) ?? '');
}

/** The variables of the container, by name. */
export function environmentOf(resource: Resource): Record<string, string> {
  const variables = (containersOf(resource)[0]?.Environment ?? []) as { Name: string; Value: unknown }[];
  return Object.fromEntries(variables.map(({ Name, Value }) => [Name, String(Value)]));
}

/** On Fargate where nothing else is said. */
const DEFAULT_STOP_TIMEOUT_SECONDS = 30;

function definitionOf(resource: Resource, context: ResourceContext): TaskDefinition {
  const { engine, place, containers, localVariables } = context;
  const { StopTimeout = DEFAULT_STOP_TIMEOUT_SECONDS } = containersOf(resource)[0] ?? {};
  return {
    arn: taskDefinition.ref(resource.name, place),
    worker: {
      codeDirectory: imageDirectory(resource) ?? '',
      environment: { ...containers.onOneMachine(environmentOf(resource)), ...localVariables },
      stopTimeoutSeconds: Number(StopTimeout),
      endpoint: engine.endpoint,
      region: engine.region,
    },
  };
}

function containersOf({ properties }: Resource): Readonly<Record<string, unknown>>[] {
  return (properties.ContainerDefinitions ?? []) as Readonly<Record<string, unknown>>[];
}

/** What of a container takes effect, or means nothing for a process. */
const known = [
  'Environment',
  'Essential',
  'HealthCheck',
  'Image',
  'LinuxParameters',
  'LogConfiguration',
  'Name',
  'PortMappings',
  'ReadonlyRootFilesystem',
  'StopTimeout',
  'User',
];

function checkContainers(resource: Resource): Finding[] {
  const property = 'ContainerDefinitions';
  const [container = {}, ...others] = containersOf(resource);
  if (others.length > 0) return [{ property, why: 'runs locally with one container only', refused: true }];
  const directory = imageDirectory(resource);
  if (directory === undefined || !existsSync(join(directory, 'index.mjs'))) {
    const why = `its image ${container.Image} does not run locally (one built from a directory with an index.mjs does)`;
    return [{ property, why, refused: true }];
  }
  const unknown = Object.keys(container).filter((name) => !known.includes(name));
  return unknown.map((name) => ({ property, why: `${name} of the container is not honoured locally` }));
}
