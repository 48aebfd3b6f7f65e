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
