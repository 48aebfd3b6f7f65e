import { durationSeconds } from '../duration.ts';

/** A duration in seconds; undefined for any other value. */
export function secondsOf(value: unknown): number | undefined {
  try {
    return typeof value === 'string' ? durationSeconds(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is a plain object, not an array, a Map or the like. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** A value as it would stand in a job file. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  return value === undefined ? 'nothing' : (jsonOf(value) ?? textOf(value));
}

/** The text of any value, such as one that was thrown. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'something that has no text';
  }
}

/** Undefined for a value that holds a BigInt or a cycle, which have no JSON. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
