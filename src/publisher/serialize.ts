import { textOf } from '../job/check/given.ts';
import { NotSerializableError } from './errors.ts';
import { aKind, kindOf } from './shown.ts';

/**
 * The payload as the JSON text of a message's body.
 *
 * A value that JSON refuses, or would drop or change in silence, is an error: NaN and infinities, `undefined` in an
 * array, functions, symbols, BigInts, cycles, an invalid date, and objects whose content JSON does not see, such as a
 * Map, a Blob or a promise that was not awaited. As in JSON, an `undefined` property is left out, and `toJSON` is
 * called: a date becomes its ISO text.
 * @throws {NotSerializableError} with the path of the value
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

/**
 * The objects in which JSON.stringify is at the moment, the outermost first,
 * each with the key under which it was found.
 */
class OpenPath {
  readonly #open: { key: string; value: unknown }[] = [];

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  /** Leaves the objects that have been written completely. */
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

/** A null may come from `toJSON` of an invalid date. */
function nullProblem(holder: object, key: string): string | undefined {
  const original = (holder as Record<string, unknown>)[key];
  return original !== null && kindOf(original) === 'Date'
    ? 'is an invalid date, which JSON turns into null'
    : undefined;
}

function objectProblem(holder: object, key: string, value: object, isRoot: boolean): string | undefined {
  const kind = kindOf(value);
  // JSON writes the primitive value of a Number object or a BigInt object.
  if (kind === 'Number') return problemOf(holder, key, Number(value), isRoot);
  if (kind === 'BigInt') return problemOf(holder, key, BigInt(value as never), isRoot);
  if (openKinds.has(kind) || (!closedKinds.has(kind) && Object.keys(value).length > 0)) return undefined;
  const advice = kind === 'Promise' ? 'await it' : 'turn it into a plain object, array or string';
  return `is ${aKind(value)}, which JSON turns into {}: ${advice}`;
}

/** The kinds that JSON writes with their content. An instance of a class is an Object, whatever it hides. */
const openKinds: ReadonlySet<string> = new Set(['Object', 'Array', 'Arguments', 'String', 'Boolean']);

/**
 * The kinds whose content JSON does not see, even where somebody added a
 * property. In other kinds properties are content.
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
 * Escapes U+FFFE and U+FFFF, which SQS does not take because XML 1.0 lacks them. In JSON they can only stand in strings,
 * where an escape means the same. JSON.stringify itself escapes control characters and lone surrogates.
 */
function escapeNoncharacters(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
