/**
 * What a line of the log says, taken apart: a JSON line of the Powertools Logger, any other text, or a line of the
 * platform's own.
 * @typedef {import('../feedLine.ts').FeedLine} FeedLine
 * @typedef {{
 *   level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | null,
 *   message: string,
 *   fields: [name: string, value: string][],
 *   error: string | null,
 *   entry: Record<string, unknown> | null,
 * }} LogEntry
 * @param {FeedLine} line
 * @returns {LogEntry}
 */
export function parseLine({ text, level, isStderr }) {
  const entry = jsonEntry(text);
  if (!entry)
    return { level: level ?? (isStderr ? 'ERROR' : null), message: text, fields: [], error: null, entry };
  const { message, error } = entry;
  return {
    level: levelOf(entry.level),
    message: shown(message),
    fields: Object.entries(entry)
      .filter(([name, value]) => !hiddenFields.has(name) && value !== message)
      .map(([name, value]) => [name, fieldText(name, value)]),
    error: error === undefined ? null : errorText(error),
    entry,
  };
}

/** Fields that are shown in other ways, or that help in CloudWatch and not here. They are in the opened line. */
const hiddenFields = new Set([
  'level',
  'message',
  'error',
  'jobName',
  'timestamp',
  'service',
  'sampling_rate',
  'xray_trace_id',
  'cold_start',
  'function_arn',
  'function_memory_size',
  'function_name',
  'function_request_id',
  'requestId',
  'messageId',
  'codeVersion',
]);

/**
 * @param {string} text
 * @returns {Record<string, unknown> | null}
 */
function jsonEntry(text) {
  if (!text.startsWith('{')) return null;
  try {
    const entry = JSON.parse(text);
    return typeof entry.level === 'string' && entry.message !== undefined ? entry : null;
  } catch {
    return null;
  }
}

/**
 * @param {unknown} level
 * @returns {LogEntry['level']}
 */
function levelOf(level) {
  if (level === 'CRITICAL' || level === 'ERROR') return 'ERROR';
  if (level === 'WARN') return 'WARN';
  return level === 'DEBUG' || level === 'TRACE' ? 'DEBUG' : 'INFO';
}

/** An ID is told apart by its end; the whole is in the opened line. @param {string} name @param {unknown} value */
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

/** @param {unknown} value */
function shown(value) {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
