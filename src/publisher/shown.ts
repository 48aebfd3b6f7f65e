/** A value from untyped code, for an error's message: as JSON, or else by its kind. */
export function shown(value: unknown): string {
  const isPlain = typeof value !== 'object' || ['Null', 'Object', 'Array'].includes(kindOf(value));
  return (isPlain ? jsonOf(value) : undefined) ?? aKind(value);
}

/** Returns undefined for a BigInt, a function or a cyclic object, which have no JSON. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/**
 * What an object is, such as `Map` or `Object`: by its tag, because `instanceof` does not know the classes of another
 * realm.
 */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** The same for a sentence: `a Map`, `an Error`. */
export function aKind(value: unknown): string {
  const kind = kindOf(value);
  return `${/^[AEIO]/i.test(kind) ? 'an' : 'a'} ${kind}`;
}
