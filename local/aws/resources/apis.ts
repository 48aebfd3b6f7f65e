import type { Assembly } from '../assembly/assembly.ts';
import { madeName } from './desiredState.ts';
import { functionUrl } from './functionUrl.ts';
import { httpApi } from './httpApi.ts';
import type { Resource } from './resourceType.ts';

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
