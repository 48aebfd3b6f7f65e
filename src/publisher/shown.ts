/** Any value as an error's message shows it: as JSON, or by its kind. */
export function shown(value: unknown): string {
  const isPlain = typeof value !== 'object' || ['Null', 'Object', 'Array'].includes(kindOf(value));
  return (isPlain ? jsonOf(value) : undefined) ?? aKind(value);
}

/** Undefined for a BigInt, a function or a cyclic object, which have no JSON. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** The kind of a value, such as `Map` or `Object`. It is read from the tag, because `instanceof` fails across realms. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** The kind with its article: `a Map`, `an Error`. */
export function aKind(value: unknown): string {
  const kind = kindOf(value);
  return `${/^[AEIO]/i.test(kind) ? 'an' : 'a'} ${kind}`;
}
