import type { Assembly } from '../assembly/assembly.ts';
import { madeName } from './desiredState.ts';
import { functionUrl } from './functionUrl.ts';
import { httpApi } from './httpApi.ts';
import type { Resource } from './resourceType.ts';
import { environmentOf, taskDefinition } from './taskDefinition.ts';

const types = [functionUrl.type, httpApi.type];

/** The names of all function URLs and HTTP APIs of an assembly, as in its templates; each needs a port. */
export function apiNames({ stacks }: Assembly): string[] {
  return stacks.flatMap(({ name, template }) =>
    Object.entries(template.Resources ?? {})
      .filter(([, { Type }]) => types.includes(Type))
      .map(([logicalId]) => madeName(name, logicalId)),
  );
}

/** Those that run. */
export function runningApis(resources: readonly Resource[]): string[] {
  return resources.filter(({ type }) => types.includes(type)).map(({ name }) => name);
}

/** The bucket that functions and workers are told to keep files in. */
export function filesBucketOf(resources: readonly Resource[]): string | undefined {
  const told = new Set(resources.map(filesBucketVariable));
  return resources.find(({ type, name }) => type === 'AWS::S3::Bucket' && told.has(name))?.name;
}

function filesBucketVariable(resource: Resource): unknown {
  if (resource.type === taskDefinition.type) return environmentOf(resource).JOB_FILES_BUCKET;
  if (resource.type !== 'AWS::Lambda::Function') return undefined;
  const { Variables } = (resource.properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
  return Variables?.JOB_FILES_BUCKET;
}
