import { stat } from 'node:fs/promises';
import { createFunction, type FunctionConfig, type LocalFunction } from '../lambda/function.ts';
import type { Finding, Resource, ResourceContext, ResourceType } from './resourceType.ts';
import { localArn } from './resourceType.ts';

export const lambdaFunction: ResourceType<LocalFunction> = {
  type: 'AWS::Lambda::Function',
  honoured: [
    'FunctionName',
    'Runtime',
    'Handler',
    'Code',
    'Timeout',
    'MemorySize',
    'Environment',
    'PackageType',
  ],
  notEvaluated: [
    'Architectures',
    'Description',
    'EphemeralStorage',
    'KmsKeyArn',
    'LoggingConfig',
    'RecursiveLoop',
    'Role',
    'RuntimeManagementConfig',
    'Tags',
    'TracingConfig',
  ],
  name: { property: 'FunctionName', maxLength: 64 },

  ref: (name) => name,
  attributes: (name, { region, accountId }) => ({
    Arn: localArn('lambda', { region, accountId }, `function:${name}`),
  }),

  check: (resource) => checkCode(resource),

  async create(resource, context) {
    const config = await configOf(resource, context);
    const created = createFunction(config, { onLog: context.onLog });
    context.functions.set(resource.name, created);
    return created;
  },

  async update(resource, running, context) {
    running.update(await configOf(resource, context));
    return running;
  },

  async delete({ name }, running, { functions }) {
    functions.delete(name);
    await running.stop({ drainMs: DELETE_DRAIN_MS });
  },

  stop: (running, drainMs) => running.stop({ drainMs }),
};

/** A job taken out while it runs may finish what it has in hand, as on AWS, but does not hold up the next edit for long. */
const DELETE_DRAIN_MS = 5_000;

async function configOf(
  resource: Resource,
  { engine, place, localVariables, inspectPortOf }: ResourceContext,
): Promise<FunctionConfig> {
  const { Handler, Timeout, MemorySize, Environment } = resource.properties;
  const { Variables = {} } = (Environment ?? {}) as { Variables?: Record<string, unknown> };
  return {
    functionName: resource.name,
    functionArn: lambdaFunction.attributes(resource.name, place).Arn as string,
    handler: String(Handler),
    codeDirectory: await codeDirectoryOf(resource),
    timeoutSeconds: Number(Timeout ?? 3),
    memoryMb: Number(MemorySize ?? 128),
    environment: {
      ...Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, String(value)])),
      ...localVariables,
    },
    inspectPort: inspectPortOf(resource.name),
    endpoint: engine.endpoint,
    region: engine.region,
  };
}

/** The directory of the asset that `Code.S3Key` (`<hash>.zip`) names. */
async function codeDirectoryOf(resource: Resource): Promise<string> {
  const directory = codeDirectory(resource);
  if (directory === undefined) throw new Error('Code.S3Key names no asset of this assembly');
  if (!(await stat(directory)).isDirectory())
    throw new Error(`${directory} is no directory: only code that CDK would zip runs locally`);
  return directory;
}

/** Where a function's code lies; undefined when its asset is not part of the assembly. */
export function codeDirectory(resource: Resource): string | undefined {
  return resource.stack.assets.get(hashOf(resource) ?? '');
}

function hashOf({ properties }: Resource): string | undefined {
  const { S3Key } = (properties.Code ?? {}) as { S3Key?: unknown };
  return typeof S3Key === 'string' ? S3Key.replace(/^.*\//, '').replace(/\.[^.]*$/, '') : undefined;
}

function checkCode(resource: Resource): Finding[] {
  const { Runtime, PackageType, Code } = resource.properties;
  if (PackageType === 'Image')
    return [{ property: 'PackageType', why: 'Image does not run locally (zipped code does)', refused: true }];
  if (!String(Runtime).startsWith('nodejs')) {
    return [{ property: 'Runtime', why: `${Runtime} does not run locally (nodejs… does)`, refused: true }];
  }
  if (codeDirectory(resource) === undefined) {
    const given = Object.keys((Code ?? {}) as object).join(', ');
    return [{ property: 'Code', why: `is no asset of this assembly (given: ${given})`, refused: true }];
  }
  return [];
}
