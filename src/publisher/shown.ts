import { aKind, kindOf } from './kind.ts';

/** A value that comes from code without types, for an error's message: as JSON, else by what it is. */
export function shown(value: unknown): string {
  const isPlain = typeof value !== 'object' || ['Null', 'Object', 'Array'].includes(kindOf(value));
  return (isPlain ? jsonOf(value) : undefined) ?? aKind(value);
}

/** None of a BigInt, a function or a cycle. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
