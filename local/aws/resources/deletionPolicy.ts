import type { Resource } from './resourceType.ts';

/** A resource that left the template and stays as it is. */
export interface Kept {
  readonly path: string;
  /** The one that says so. */
  readonly policy: 'DeletionPolicy' | 'UpdateReplacePolicy';
}

/**
 * Which policy of its template keeps a resource that is to go; undefined: it is deleted.
 * @param isReplaced the template still has its logical ID, for another resource
 */
export function keepingPolicy(
  { stack, logicalId }: Resource,
  isReplaced: boolean,
): Kept['policy'] | undefined {
  const policy = isReplaced ? 'UpdateReplacePolicy' : 'DeletionPolicy';
  const value = stack.template.Resources?.[logicalId]?.[policy];
  return value !== undefined && keeping.has(value) ? policy : undefined;
}

export function keptText({ path, policy }: Kept): string {
  return `${path} (because its ${policy} says so)`;
}

/** The exception is a creation that fails: then there is nothing to keep. */
const keeping: ReadonlySet<string> = new Set(['Retain', 'RetainExceptOnCreate']);
