import { durationSeconds } from '../duration.ts';

/** The seconds of a duration; undefined for any other value. */
export function secondsOf(value: unknown): number | undefined {
  try {
    return typeof value === 'string' ? durationSeconds(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object of names and values: no array, Map or the like, whose entries nobody would see. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** A value as it would be written in a job file. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  return value === undefined ? 'nothing' : (jsonOf(value) ?? textOf(value));
}

/** The text of a value that may be anything, such as one that was thrown. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'something that has no text';
  }
}

/** A BigInt or a cycle inside has no JSON. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
