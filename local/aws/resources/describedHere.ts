import type { Properties, Resource } from './resourceType.ts';

/**
 * An alarm's properties, its description's commands made for this machine: the CLI finds the local platform by itself, and
 * would look for a deployed stack where the stack is named.
 */
export function describedHere({ properties, stack }: Resource): Properties {
  const { AlarmDescription } = properties;
  if (typeof AlarmDescription !== 'string') return properties;
  const here = AlarmDescription.replaceAll(/ --stack ([A-Za-z][\w-]*)/g, (option, name) =>
    name === stack.name ? '' : option,
  );
  return { ...properties, AlarmDescription: here };
}
