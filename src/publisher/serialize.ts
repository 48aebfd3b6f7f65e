import { NotSerializableError } from './errors.ts';

/**
 * The payload as the JSON text of a message's body.
 *
 * What JSON would drop or change in silence is an error that names its path: NaN and infinities, `undefined` in an
 * array, functions, symbols, Map, Set, a promise that nobody awaited, an invalid date; so are BigInts and cycles.
 * An `undefined` property is left out, as JSON does, and `toJSON` is honoured: a date travels as its ISO text.
 * @throws {NotSerializableError}
 */
export function serializePayload(jobName: string, payload: unknown): string {
  const path = new OpenPath();
  try {
    const text = JSON.stringify(payload, function (this: object, key: string, value: unknown) {
      path.moveTo(this);
      const problem = path.holds(value) ? 'is a cycle' : problemOf(this, key, value, path.isEmpty);
      if (problem !== undefined) throw new NotSerializableError(jobName, path.to(key), problem);
      path.enter(key, value);
      return value;
    });
    return escapeNoncharacters(text);
  } catch (error) {
    if (error instanceof NotSerializableError) throw error;
    throw new NotSerializableError(jobName, [], `cannot be read: ${String(error)}`, { cause: error });
  }
}

/** The objects that JSON.stringify is inside of, outermost first, each with the key it was found under. */
class OpenPath {
  readonly #open: { key: string; value: unknown }[] = [];

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  /** Leaves what has been written completely; the holder of the payload itself is in no object. */
  moveTo(holder: object): void {
    while (this.#open.length > 0 && this.#open.at(-1)?.value !== holder) this.#open.pop();
  }

  enter(key: string, value: unknown): void {
    if (typeof value === 'object' && value !== null) this.#open.push({ key, value });
  }

  holds(value: unknown): boolean {
    return typeof value === 'object' && value !== null && this.#open.some((open) => open.value === value);
  }

  to(key: string): string[] {
    return this.isEmpty ? [] : [...this.#open.slice(1).map((open) => open.key), key];
  }
}

function problemOf(holder: object, key: string, value: unknown, isRoot: boolean): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return 'is a BigInt: write it as a string';
    case 'function':
    case 'symbol':
      return `is a ${typeof value}, which JSON leaves out`;
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON turns into null`;
    case 'undefined':
      if (isRoot) return 'is undefined: publish null where there is nothing to say';
      return Array.isArray(holder) ? 'is undefined, which JSON turns into null' : undefined;
    case 'object':
      return value === null ? nullProblem(holder, key) : emptiedProblem(value);
    default:
      return undefined;
  }
}

/** An invalid date's `toJSON` gives null. */
function nullProblem(holder: object, key: string): string | undefined {
  const original = (holder as Record<string, unknown>)[key];
  return original !== null && kindOf(original) === 'Date'
    ? 'is an invalid date, which JSON turns into null'
    : undefined;
}

function emptiedProblem(value: object): string | undefined {
  const kind = kindOf(value);
  if (!emptiedKinds.has(kind)) return undefined;
  const advice = kind === 'Promise' ? 'await it' : 'turn it into a plain object, array or string';
  return `is a ${kind}, which JSON turns into {}: ${advice}`;
}

/** By its tag, because `instanceof` does not know the classes of another realm. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

const emptiedKinds: ReadonlySet<string> = new Set([
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'Promise',
  'RegExp',
  'ArrayBuffer',
  'Error',
]);

/**
 * SQS takes the characters of XML 1.0, which has no U+FFFE and U+FFFF. In JSON they stand in strings only, where an
 * escape means the same; control characters and lone surrogates are escaped by JSON.stringify itself.
 */
function escapeNoncharacters(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
