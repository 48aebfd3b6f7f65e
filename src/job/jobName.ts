import { deadLettersSuffix } from '../names.ts';

/**
 * Why a text cannot be a job's name; undefined when it can. The name becomes part of queue and function names, which may
 * have letters, digits, `-` and `_`: 80 characters in SQS, 64 in Lambda. The stack checks the length with the prefix.
 */
export function jobNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9_])?$/.test(name)) {
    return 'must start with a letter, hold letters, digits, - and _ only, and not end with -';
  }
  if (name in {}) return "is a name of JavaScript's own, which no construct can have";
  if (name.length > maxJobNameLength)
    return `must have at most ${maxJobNameLength} characters, has ${name.length}`;
  if (reservedNames.has(name.toLowerCase()))
    return `is taken by the platform's own ${name.toLowerCase()} resources`;
  if (name.toLowerCase().endsWith(deadLettersSuffix)) {
    return `must not end with ${deadLettersSuffix}, which names a job's dead-letter queue`;
  }
  return undefined;
}

/** Lambda's longest function name. */
const maxJobNameLength = 64;

const reservedNames = new Set(['unrouted', 'undelivered', 'alarms', 'api', 'schedules']);
