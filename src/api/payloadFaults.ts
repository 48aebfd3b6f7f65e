import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';

/** A part of a body that does not fit its schema. */
export interface Fault {
  /** The place, as a JSON Pointer (RFC 6901). Empty where the body as a whole is at fault. */
  readonly path: string;
  readonly message: string;
}

/** How many faults are reported at most. */
export const maxFaults = 100;

/**
 * Makes a check by a JSON Schema (2020-12), which is interpreted and not compiled to code. The check gives every fault
 * once, with its place. Where no alternative of an `anyOf` fits, it gives the faults of the alternative that was meant,
 * if that can be told.
 */
export function faultFinder(schema: object): (value: unknown) => Fault[] {
  const validator = new Validator(schema as Schema, '2020-12', false);
  return (value) => {
    try {
      const { valid, errors } = validator.validate(value);
      return valid ? [] : distinct(faultsOf(withPlaces(errors)));
    } catch (error) {
      return [{ path: '', message: uncheckable(error) }];
    }
  };
}

/** Why a value cannot be checked. The validator calls itself for each level, and writes property names as URIs. */
function uncheckable(error: unknown): string {
  if (error instanceof RangeError) return 'is nested too deeply';
  if (error instanceof URIError) return 'has a property whose name is not Unicode text (a lone surrogate)';
  throw error;
}

/** Gives errors of the schema `false` a place. The validator gives them none; it is that of the keyword right before. */
function withPlaces(errors: readonly OutputUnit[]): OutputUnit[] {
  return errors.map((error, index) =>
    error.keyword === 'false'
      ? { ...error, keywordLocation: `${errors[index - 1]?.keywordLocation ?? ''}/false` }
      : error,
  );
}

/** The faults in the validator's errors. It has an error for every level above a fault, and only the lowest one tells. */
function faultsOf(errors: readonly OutputUnit[]): Fault[] {
  const faults: Fault[] = [];
  for (let index = 0; index < errors.length; index += 1) {
    const error = errors[index] as OutputUnit;
    if (error.keyword === 'anyOf' || error.keyword === 'oneOf') {
      const below = errors.slice(index + 1).findIndex((later) => !isBelow(later, error));
      const end = below < 0 ? errors.length : index + 1 + below;
      faults.push(...alternativeFaults(error, errors.slice(index + 1, end)));
      index = end - 1;
    } else if (!passesOn.has(error.keyword)) {
      faults.push(faultOf(error));
    }
  }
  return faults;
}

function isBelow({ keywordLocation }: OutputUnit, parent: OutputUnit): boolean {
  return keywordLocation.startsWith(`${parent.keywordLocation}/`);
}

/**
 * The faults of a value that fits no alternative. An alternative was not meant when the value is of another type, or
 * differs from a constant of the alternative, such as the kind that tells a union's members apart.
 */
function alternativeFaults(error: OutputUnit, below: readonly OutputUnit[]): Fault[] {
  const alternatives = [...Map.groupBy(below, (one) => branchOf(one, error)).values()];
  const meant = alternatives.filter(
    (branch) =>
      !branch.some(
        ({ keyword, instanceLocation }) =>
          keyword === 'const' || (keyword === 'type' && instanceLocation === error.instanceLocation),
      ),
  );
  const [only] = meant;
  if (meant.length === 1 && only !== undefined) return faultsOf(only);
  if (below.length === 0 || /\([1-9]\d* matches\)/.test(error.error)) return [faultOf(error)];
  const telling = alternatives.flatMap((branch) => {
    const constant = branch.find(({ keyword }) => keyword === 'const');
    return constant === undefined ? faultsOf(branch).slice(0, 1) : [faultOf(constant)];
  });
  const either = new Set(telling.map(relativeTo(error)));
  return [{ path: pointerOf(error), message: [...either].join(', or ') }];
}

function branchOf({ keywordLocation }: OutputUnit, parent: OutputUnit): string {
  return keywordLocation.slice(parent.keywordLocation.length + 1).split('/')[0] ?? '';
}

/** The text of an alternative's fault, with its path from the value that has the alternatives. */
function relativeTo(parent: OutputUnit): (fault: Fault) => string {
  const from = pointerOf(parent).length;
  return ({ path, message }) => (path.length > from ? `${path.slice(from)} ${message}` : message);
}

/** Keywords that only say that a schema below them is not met. */
const passesOn: ReadonlySet<string> = new Set([
  '$ref',
  '$dynamicRef',
  '$recursiveRef',
  'allOf',
  'if',
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'dependentSchemas',
  'prefixItems',
  'items',
  'additionalItems',
  'unevaluatedItems',
]);

function faultOf(error: OutputUnit): Fault {
  const path = pointerOf(error);
  const missing = /^Instance does not have required property "(.*)"\.$/s.exec(error.error)?.[1];
  if (error.keyword === 'required' && missing !== undefined) {
    return { path: `${path}/${missing.replaceAll('~', '~0').replaceAll('/', '~1')}`, message: 'is missing' };
  }
  return { path, message: messageOf(error) };
}

/** `#/friends/0/first%20name` → `/friends/0/first name` */
function pointerOf({ instanceLocation }: OutputUnit): string {
  return decodeURIComponent(instanceLocation.slice(1));
}

function messageOf({ keyword, error }: OutputUnit): string {
  const [pattern, message] = messages[keyword] ?? [/\.$/, ''];
  const text = error.replace(pattern, message);
  return keyword === 'type' ? text.replaceAll('", "', ' or ') : text;
}

/** How to rewrite the validator's messages, by keyword, for people who do not read JSON Schema. */
const messages: Readonly<Record<string, readonly [RegExp, string]>> = {
  false: [/^.*$/, 'is not known here: remove it'],
  type: [/^Instance type "(.*)" is invalid\. Expected "(.*)"\.$/, 'must be $2, is $1'],
  const: [/^Instance does not match (.*)\.$/s, 'must be $1'],
  enum: [/^Instance does not match any of \[(.*)\]\.$/s, 'must be one of $1'],
  not: [/^.*$/, 'is a value that is not allowed'],
  anyOf: [/^.*$/, 'fits none of the alternatives'],
  oneOf: [/^.*\((\d+) matches\)\.$/, 'must fit exactly one of the alternatives, fits $1'],
  minProperties: [/^\D*(\d+)\D*$/, 'must have at least $1 properties'],
  maxProperties: [/^\D*(\d+)\D*$/, 'must have at most $1 properties'],
  propertyNames: [
    /^Property name (".*") does not match schema\.$/s,
    'has a property that may not be named $1',
  ],
  dependentRequired: [/^Instance has (".*") but does not have (".*")\.$/s, 'has $1, which needs $2'],
  minItems: [/^\D*(\d+) < (\d+)\)\.$/, 'must have at least $2 items, has $1'],
  maxItems: [/^\D*(\d+) > (\d+)\)\.$/, 'must have at most $2 items, has $1'],
  uniqueItems: [/^\D*(\d+) and (\d+)\.$/, 'has the same item at $1 and at $2'],
  contains: [/^.*$/, 'has no item of the kind that it must have'],
  minimum: [/^.* (\S+)\.$/, 'must be at least $1'],
  maximum: [/^.* (\S+)\.$/, 'must be at most $1'],
  exclusiveMinimum: [/^.* (\S+)\.$/, 'must be more than $1'],
  exclusiveMaximum: [/^.* (\S+)\.$/, 'must be less than $1'],
  multipleOf: [/^.* (\S+)\.$/, 'must be a multiple of $1'],
  minLength: [/^\D*(\d+) < (\d+)\)\.$/, 'must have at least $2 characters, has $1'],
  maxLength: [/^\D*(\d+) > (\d+)\)\.$/, 'must have at most $2 characters, has $1'],
  pattern: [/^.*$/, 'does not match its pattern'],
  format: [/^.*("[^"]*")\.$/, 'must be of the format $1'],
};

/** The faults without repetitions. A format often comes with a pattern that says the same. */
function distinct(faults: readonly Fault[]): Fault[] {
  const found = new Map(faults.map((fault) => [`${fault.path}\n${fault.message}`, fault]));
  const patterned = messages.pattern?.[1];
  const formatted = new Set(
    faults.filter(({ message }) => message.startsWith('must be of the format')).map(({ path }) => path),
  );
  return [...found.values()]
    .filter(({ path, message }) => message !== patterned || !formatted.has(path))
    .slice(0, maxFaults);
}
