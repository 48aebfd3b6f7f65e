import type { Template } from './template.ts';

/** What the intrinsic functions of one stack's template refer to. */
export interface Scope {
  readonly stackName: string;
  readonly template: Template;
  readonly region: string;
  readonly accountId: string;
  /** What `Ref` of a resource gives; undefined when the template has no such resource. */
  ref(logicalId: string): string | undefined;
  /** What `Fn::GetAtt` gives; undefined when there is no such resource or attribute. */
  attribute(logicalId: string, attribute: string): unknown;
  /** The value of an export (`Fn::ImportValue`) of any stack; undefined when none has that name. */
  exportedValue(name: string): unknown;
  /** The value of an output (`Fn::GetStackOutput`) of another stack; undefined when there is none. */
  stackOutput(stackName: string, outputName: string): unknown;
  /** The value of an SSM parameter that the assembly itself creates; undefined when it creates none of that name. */
  ssmParameter(name: string): unknown;
}

/** An intrinsic function that cannot be resolved; the message starts with the logical ID it stands in. */
export class IntrinsicError extends Error {
  override readonly name = 'IntrinsicError';
}

/**
 * The value with every intrinsic function replaced; `AWS::NoValue` drops its property or list entry.
 * @param at the logical ID (of a resource, output or condition) the value belongs to, for error messages
 */
export function resolveIntrinsics(value: unknown, scope: Scope, at: string): unknown {
  if (typeof value === 'string') return checkedString(value, at);
  if (Array.isArray(value)) return resolveList(value, scope, at);
  if (typeof value !== 'object' || value === null) return value;
  const [name, argument] = soleEntry(value);
  if (name === 'Ref' || name === 'Condition' || name?.startsWith('Fn::')) {
    const intrinsic = intrinsics[name];
    if (intrinsic) return intrinsic(argument, scope, at);
    if (name !== 'Condition') {
      throw new IntrinsicError(
        `${at}: ${name} is not supported locally (${Object.keys(intrinsics).join(', ')} are)`,
      );
    }
  }
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, resolveIntrinsics(inner, scope, at)] as const,
  );
  return Object.fromEntries(entries.filter(([, resolved]) => resolved !== undefined));
}

/** Whether the condition of that name in the template's `Conditions` holds. */
export function conditionHolds(name: string, scope: Scope, at: string): boolean {
  const conditions = scope.template.Conditions ?? {};
  if (!Object.hasOwn(conditions, name))
    throw new IntrinsicError(`${at}: the template has no condition ${name}`);
  return truth(conditions[name], scope, `condition ${name}`);
}

type Intrinsic = (argument: unknown, scope: Scope, at: string) => unknown;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope, at) => ref(text(argument, 'Ref', at), scope, at),
  'Fn::GetAtt': (argument, scope, at) => {
    const [logicalId, attribute] =
      typeof argument === 'string' ? splitOnce(argument, '.') : list(argument, 'Fn::GetAtt', at);
    return attributeOf(String(logicalId), text(attribute, 'Fn::GetAtt', at), scope, at);
  },
  'Fn::Join': (argument, scope, at) => {
    const [delimiter, parts] = list(argument, 'Fn::Join', at);
    return list(resolveIntrinsics(parts, scope, at), 'Fn::Join', at).join(text(delimiter, 'Fn::Join', at));
  },
  'Fn::Sub': (argument, scope, at) => substitute(argument, scope, at),
  'Fn::Select': (argument, scope, at) => {
    const [index, from] = list(argument, 'Fn::Select', at);
    const items = list(resolveIntrinsics(from, scope, at), 'Fn::Select', at);
    const position = Number(resolveIntrinsics(index, scope, at));
    if (!(position in items))
      throw new IntrinsicError(`${at}: Fn::Select of item ${position} of ${items.length}`);
    return items[position];
  },
  'Fn::Split': (argument, scope, at) => {
    const [delimiter, from] = list(argument, 'Fn::Split', at);
    const source = text(resolveIntrinsics(from, scope, at), 'Fn::Split', at);
    return source.split(text(delimiter, 'Fn::Split', at));
  },
  'Fn::If': (argument, scope, at) => {
    const [condition, whenTrue, whenFalse] = list(argument, 'Fn::If', at);
    const holds = conditionHolds(text(condition, 'Fn::If', at), scope, at);
    return resolveIntrinsics(holds ? whenTrue : whenFalse, scope, at);
  },
  'Fn::Equals': (argument, scope, at) => truth({ 'Fn::Equals': argument }, scope, at),
  'Fn::And': (argument, scope, at) => truth({ 'Fn::And': argument }, scope, at),
  'Fn::Or': (argument, scope, at) => truth({ 'Fn::Or': argument }, scope, at),
  'Fn::Not': (argument, scope, at) => truth({ 'Fn::Not': argument }, scope, at),
  'Fn::ImportValue': (argument, scope, at) => {
    const name = text(resolveIntrinsics(argument, scope, at), 'Fn::ImportValue', at);
    return found(scope.exportedValue(name), at, `Fn::ImportValue: no stack of this assembly exports ${name}`);
  },
  'Fn::GetStackOutput': (argument, scope, at) => {
    const { StackName, OutputName } = resolveIntrinsics(argument, scope, at) as Record<string, unknown>;
    const stackName = text(StackName, 'Fn::GetStackOutput', at);
    const outputName = text(OutputName, 'Fn::GetStackOutput', at);
    const value = scope.stackOutput(stackName, outputName);
    return found(
      value,
      at,
      `Fn::GetStackOutput: this assembly has no output ${outputName} of stack ${stackName}`,
    );
  },
};

function resolveList(values: readonly unknown[], scope: Scope, at: string): unknown[] {
  return values.map((value) => resolveIntrinsics(value, scope, at)).filter((value) => value !== undefined);
}

function ref(name: string, scope: Scope, at: string): unknown {
  if (name.startsWith('AWS::')) return pseudoParameter(name, scope, at);
  const parameter = scope.template.Parameters?.[name];
  if (parameter !== undefined) return parameterValue(name, scope, at);
  return found(scope.ref(name), at, `Ref: the template has no resource or parameter ${name}`);
}

function pseudoParameter(name: string, scope: Scope, at: string): string | undefined | string[] {
  switch (name) {
    case 'AWS::AccountId':
      return scope.accountId;
    case 'AWS::Region':
      return scope.region;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return scope.stackName;
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${scope.region}:${scope.accountId}:stack/${scope.stackName}/local`;
    case 'AWS::NotificationARNs':
      return [];
    case 'AWS::NoValue':
      return undefined;
    default:
      throw new IntrinsicError(`${at}: Ref: ${name} is no pseudo parameter`);
  }
}

/** Locally a parameter has its default; one that is looked up in SSM has the value the assembly itself puts there. */
function parameterValue(name: string, scope: Scope, at: string): unknown {
  const parameter = scope.template.Parameters?.[name];
  const value = found(
    parameter?.Default,
    at,
    `Ref: parameter ${name} has no default, and there is no deployment to give it one`,
  );
  if (parameter?.Type.startsWith('AWS::SSM::Parameter::Value')) {
    return found(
      scope.ssmParameter(String(value)),
      at,
      `Ref: parameter ${name} is the SSM parameter ${value}, which no stack of this assembly creates`,
    );
  }
  return parameter?.Type === 'CommaDelimitedList' ? String(value).split(',') : String(value);
}

function attributeOf(logicalId: string, attribute: string, scope: Scope, at: string): unknown {
  const why = `Fn::GetAtt: ${logicalId}.${attribute} is not known locally`;
  return found(scope.attribute(logicalId, attribute), at, why);
}

function substitute(argument: unknown, scope: Scope, at: string): string {
  const [pattern, variables] = typeof argument === 'string' ? [argument, {}] : list(argument, 'Fn::Sub', at);
  const given = resolveIntrinsics(variables ?? {}, scope, at) as Record<string, unknown>;
  return text(pattern, 'Fn::Sub', at).replace(
    /\$\{(!?)([^}]+)\}/g,
    (_whole, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(given, name)) return String(given[name]);
      const [logicalId, attribute] = splitOnce(name, '.');
      return String(
        attribute === undefined ? ref(name, scope, at) : attributeOf(String(logicalId), attribute, scope, at),
      );
    },
  );
}

function truth(value: unknown, scope: Scope, at: string): boolean {
  const [name, argument] = soleEntry(value);
  switch (name) {
    case 'Condition':
      return conditionHolds(text(argument, 'Condition', at), scope, at);
    case 'Fn::Equals': {
      const [left, right] = resolveList(list(argument, name, at), scope, at);
      return String(left) === String(right);
    }
    case 'Fn::And':
      return list(argument, name, at).every((inner) => truth(inner, scope, at));
    case 'Fn::Or':
      return list(argument, name, at).some((inner) => truth(inner, scope, at));
    case 'Fn::Not':
      return !truth(list(argument, name, at)[0], scope, at);
    default:
      throw new IntrinsicError(`${at}: ${name ?? JSON.stringify(value)} is no condition`);
  }
}

/** CloudFormation reads `{{resolve:…}}` from SSM or Secrets Manager at deployment; locally it would pass as plain text. */
function checkedString(value: string, at: string): string {
  const reference = /\{\{resolve:[^}]*\}\}/.exec(value);
  if (reference)
    throw new IntrinsicError(`${at}: the dynamic reference ${reference[0]} cannot be resolved locally`);
  return value;
}

function soleEntry(value: unknown): [string, unknown] | [undefined, undefined] {
  if (typeof value !== 'object' || value === null) return [undefined, undefined];
  const entries = Object.entries(value);
  return entries.length === 1 && entries[0] !== undefined ? entries[0] : [undefined, undefined];
}

function splitOnce(value: string, separator: string): [string, string | undefined] {
  const index = value.indexOf(separator);
  return index < 0 ? [value, undefined] : [value.slice(0, index), value.slice(index + 1)];
}

function list(value: unknown, intrinsic: string, at: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new IntrinsicError(`${at}: ${intrinsic} needs a list, got ${JSON.stringify(value)}`);
}

function text(value: unknown, intrinsic: string, at: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new IntrinsicError(`${at}: ${intrinsic} needs a string, got ${JSON.stringify(value)}`);
}

function found<T>(value: T | undefined, at: string, why: string): T {
  if (value === undefined) throw new IntrinsicError(`${at}: ${why}`);
  return value;
}
