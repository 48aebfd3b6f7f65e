import { invalid } from './errors.ts';
import { parseExpression } from './expression.ts';
import { targetProblem } from './targets.ts';

/** A schedule as AWS has it, valid and with every default; the same in the API and in a template. */
export interface Schedule {
  readonly Name: string;
  readonly GroupName: string;
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone: string;
  readonly State: 'ENABLED' | 'DISABLED';
  readonly ActionAfterCompletion: 'NONE' | 'DELETE';
  readonly FlexibleTimeWindow: {
    readonly Mode: 'OFF' | 'FLEXIBLE';
    readonly MaximumWindowInMinutes?: number;
  };
  readonly Target: Target;
  readonly StartDate?: Date;
  readonly EndDate?: Date;
  readonly Description?: string;
  readonly KmsKeyArn?: string;
}

export interface Target {
  readonly Arn: string;
  readonly RoleArn: string;
  readonly Input?: string;
  readonly DeadLetterConfig?: { readonly Arn: string };
  readonly RetryPolicy: {
    readonly MaximumEventAgeInSeconds: number;
    readonly MaximumRetryAttempts: number;
  };
  readonly SqsParameters?: { readonly MessageGroupId?: string };
}

export const DEFAULT_GROUP = 'default';

/** The characters of a schedule's and a group's name. */
const namePattern = /^[0-9a-zA-Z\-_.]+$/;
const MAX_INPUT_BYTES = 262_144;

/**
 * The schedule of a request or of a resource's properties. Limits: CreateSchedule in the API reference of EventBridge
 * Scheduler. A time in the past is accepted: such a schedule fires at once.
 * Throws EngineError (ValidationException).
 */
export function scheduleFrom(given: Members): Schedule {
  const window = structure(given, 'FlexibleTimeWindow', true) ?? {};
  const schedule: Schedule = {
    Name: nameFrom(given.Name, 'Name'),
    GroupName: nameFrom(given.GroupName ?? DEFAULT_GROUP, 'GroupName'),
    ScheduleExpression: text(given, 'ScheduleExpression', { max: 256 }, true) ?? '',
    ScheduleExpressionTimezone: text(given, 'ScheduleExpressionTimezone', { max: 50 }) ?? 'UTC',
    State: oneOf(given, 'State', ['ENABLED', 'DISABLED']),
    ActionAfterCompletion: oneOf(given, 'ActionAfterCompletion', ['NONE', 'DELETE']),
    FlexibleTimeWindow: windowFrom(window),
    Target: targetFrom(structure(given, 'Target', true) ?? {}),
    ...present('StartDate', dateFrom(given, 'StartDate')),
    ...present('EndDate', dateFrom(given, 'EndDate')),
    ...present('Description', text(given, 'Description', { min: 0, max: 512 })),
    ...present('KmsKeyArn', text(given, 'KmsKeyArn', { max: 2048 })),
  };
  const { StartDate, EndDate } = schedule;
  if (StartDate && EndDate && StartDate >= EndDate) {
    throw invalid('The StartDate you specify must come before the EndDate.');
  }
  parseExpression(schedule);
  const problem = targetProblem(schedule.Target);
  if (problem !== undefined) throw invalid(problem);
  return schedule;
}

/** The name of a schedule or group. Throws EngineError (ValidationException). */
export function nameFrom(given: unknown, member: string): string {
  return text({ [member]: given }, member, { max: 64, pattern: namePattern }, true) ?? '';
}

/** A whole number in bounds; undefined when it is not given. Throws EngineError (ValidationException). */
export function integerFrom(given: Members, member: string, min: number, max: number): number | undefined {
  const value = given[member];
  if (value === undefined || value === null) return undefined;
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw violation(member, value, `be a whole number from ${min} to ${max}`);
}

type Members = Readonly<Record<string, unknown>>;

function windowFrom(given: Members): Schedule['FlexibleTimeWindow'] {
  const mode = given.Mode;
  if (mode !== 'OFF' && mode !== 'FLEXIBLE')
    throw violation('FlexibleTimeWindow.Mode', mode, 'be OFF or FLEXIBLE');
  const minutes = integerFrom(given, 'MaximumWindowInMinutes', 1, 1_440);
  if (mode === 'OFF' && minutes === undefined) return { Mode: mode };
  if (mode === 'FLEXIBLE' && minutes !== undefined) return { Mode: mode, MaximumWindowInMinutes: minutes };
  throw violation(
    'FlexibleTimeWindow.MaximumWindowInMinutes',
    minutes,
    mode === 'OFF' ? 'be left out with Mode OFF' : 'be given with Mode FLEXIBLE',
  );
}

function targetFrom(given: Members): Target {
  const policy = structure(given, 'RetryPolicy') ?? {};
  const input = text(given, 'Input', { max: MAX_INPUT_BYTES });
  if (input !== undefined && Buffer.byteLength(input) > MAX_INPUT_BYTES) {
    throw violation('Target.Input', `${input.slice(0, 40)}…`, `have at most ${MAX_INPUT_BYTES} bytes`);
  }
  const deadLetterArn = text(structure(given, 'DeadLetterConfig') ?? {}, 'Arn', {
    max: 1600,
    pattern: /^arn:aws(-[a-z]+)?:sqs:[a-z0-9-]+:\d{12}:[a-zA-Z0-9\-_]+$/,
  });
  const groupId = text(structure(given, 'SqsParameters') ?? {}, 'MessageGroupId', { max: 128 });
  return {
    Arn: text(given, 'Arn', { max: 1600 }, true) ?? '',
    RoleArn:
      text(
        given,
        'RoleArn',
        { max: 1600, pattern: /^arn:aws(-[a-z]+)?:iam::\d{12}:role\/[\w+=,.@\-/]+$/ },
        true,
      ) ?? '',
    ...present('Input', input),
    ...present('DeadLetterConfig', deadLetterArn === undefined ? undefined : { Arn: deadLetterArn }),
    // The defaults are AWS's.
    RetryPolicy: {
      MaximumEventAgeInSeconds: integerFrom(policy, 'MaximumEventAgeInSeconds', 60, 86_400) ?? 86_400,
      MaximumRetryAttempts: integerFrom(policy, 'MaximumRetryAttempts', 0, 185) ?? 185,
    },
    ...present('SqsParameters', groupId === undefined ? undefined : { MessageGroupId: groupId }),
  };
}

interface TextBounds {
  readonly min?: number;
  readonly max: number;
  readonly pattern?: RegExp;
}

function text(given: Members, member: string, bounds: TextBounds, isRequired = false): string | undefined {
  const { min = 1, max, pattern } = bounds;
  const value = given[member];
  if ((value === undefined || value === null) && !isRequired) return undefined;
  if (typeof value !== 'string') throw violation(member, value, 'be a string');
  if (value.length < min || value.length > max) {
    throw violation(member, value, `have a length from ${min} to ${max}`);
  }
  if (pattern && !pattern.test(value))
    throw violation(member, value, `satisfy the pattern ${pattern.source}`);
  return value;
}

function oneOf<T extends string>(given: Members, member: string, values: readonly [T, ...T[]]): T {
  const value = given[member] ?? values[0];
  if (values.includes(value as T)) return value as T;
  throw violation(member, value, `be one of ${values.join(', ')}`);
}

/** The API sends seconds since 1970, a template an ISO text. */
function dateFrom(given: Members, member: string): Date | undefined {
  const value = given[member];
  if (value === undefined || value === null) return undefined;
  const date = new Date(typeof value === 'number' ? value * 1_000 : String(value));
  if (Number.isNaN(date.getTime())) throw violation(member, value, 'be a time');
  return date;
}

function structure(given: Members, member: string, isRequired = false): Members | undefined {
  const value = given[member];
  if ((value === undefined || value === null) && !isRequired) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw violation(member, value, 'be a structure');
}

/** Nothing at all where there is no value. */
function present<K extends string, V>(member: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [member]: value } as { [key in K]: V });
}

function violation(member: string, value: unknown, must: string) {
  const shown =
    value === undefined ? 'null' : `'${typeof value === 'string' ? value : JSON.stringify(value)}'`;
  const name = `${member.charAt(0).toLowerCase()}${member.slice(1)}`;
  return invalid(
    `1 validation error detected: Value ${shown} at '${name}' failed to satisfy constraint: Member must ${must}`,
  );
}
