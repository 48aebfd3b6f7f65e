import { textOf } from '../job/check/given.ts';
import { NotSerializableError } from './errors.ts';
import { aKind, kindOf } from './shown.ts';

/**
 * The payload as the JSON text of a message's body.
 *
 * What JSON would drop or change in silence is an error that names its path: NaN and infinities, `undefined` in an
 * array, functions, symbols, an invalid date, and objects that show none of what they hold, such as a Map, a Blob or a
 * promise that nobody awaited; so are BigInts and cycles.
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
    throw new NotSerializableError(jobName, [], `cannot be read: ${textOf(error)}`, { cause: error });
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
      return value === null ? nullProblem(holder, key) : objectProblem(holder, key, value, isRoot);
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

function objectProblem(holder: object, key: string, value: object, isRoot: boolean): string | undefined {
  const kind = kindOf(value);
  // JSON takes the number out of a Number object, and the BigInt out of its.
  if (kind === 'Number') return problemOf(holder, key, Number(value), isRoot);
  if (kind === 'BigInt') return problemOf(holder, key, BigInt(value as never), isRoot);
  if (openKinds.has(kind) || (!closedKinds.has(kind) && Object.keys(value).length > 0)) return undefined;
  const advice = kind === 'Promise' ? 'await it' : 'turn it into a plain object, array or string';
  return `is ${aKind(value)}, which JSON turns into {}: ${advice}`;
}

/** What JSON writes as it is. An instance of a class is an Object, whatever it keeps to itself. */
const openKinds: ReadonlySet<string> = new Set(['Object', 'Array', 'Arguments', 'String', 'Boolean']);

/**
 * What shows nothing of its content, even where somebody gave it a property; of anything else, properties are content.
 */
const closedKinds: ReadonlySet<string> = new Set([
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
