import { shown } from './format.js';

/**
 * A line as the log shows it: of the Powertools Logger, any other text, or of the platform itself.
 * @typedef {import('../feedLine.ts').FeedLine} FeedLine
 * @typedef {{
 *   level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | null,
 *   message: string,
 *   fields: [name: string, value: string][],
 *   error: string | null,
 * }} ShownLine
 * @param {FeedLine} line
 * @returns {ShownLine}
 */
export function shownLine({ entry, text, level, isStderr }) {
  if (entry === null)
    return { level: level ?? (isStderr ? 'ERROR' : null), message: text, fields: [], error: null };
  const { message, error } = entry;
  return {
    level: levelOf(entry.level),
    message,
    fields: Object.entries(entry.fields)
      .filter(([, value]) => value !== message)
      .map(([name, value]) => [name, fieldText(name, value)]),
    error: error === undefined ? null : errorText(error),
  };
}

/**
 * @param {unknown} level
 * @returns {ShownLine['level']}
 */
function levelOf(level) {
  if (level === 'CRITICAL' || level === 'ERROR') return 'ERROR';
  if (level === 'WARN') return 'WARN';
  return level === 'DEBUG' || level === 'TRACE' ? 'DEBUG' : 'INFO';
}

/** A field's value in short. Of a long ID only the end is shown; the opened line has all of it. @param {string} name @param {unknown} value */
function fieldText(name, value) {
  const text = shown(value);
  const isLongId = name.endsWith('Id') && text.length > 12;
  return isLongId ? `…${text.slice(-6)}` : text.slice(0, 200);
}

/** @param {unknown} error */
function errorText(error) {
  if (typeof error !== 'object' || error === null) return shown(error);
  const { name = 'Error', message = '' } = /** @type {{ name?: unknown, message?: unknown }} */ (error);
  return `${shown(name)}: ${shown(message)}`;
}
