/** 9,999, 12.3K @param {number} value */
export function count(value) {
  return value < 10_000 ? value.toLocaleString('en') : compact.format(value);
}

/** @param {number} value @param {string} one @param {string} [many] */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 12:00:01 @param {number} atMs */
export function timeOfDay(atMs) {
  return new Date(atMs).toLocaleTimeString('en-GB');
}

/** 12 s, 3 min, 2 h, 4 days @param {number} atMs */
export function since(atMs) {
  return span(Date.now() - atMs);
}

/** in 12 s, in 3 min, now @param {number} atMs */
export function until(atMs) {
  return atMs - Date.now() < 500 ? 'now' : `in ${span(atMs - Date.now())}`;
}

/** Mon, 23 Nov 2026, 09:00:00 in that zone @param {number} atMs @param {string} timeZone */
export function dateTime(atMs, timeZone) {
  return new Date(atMs).toLocaleString('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

/** A time; with its day if that differs from the day of another time. @param {number} atMs @param {number} afterMs @param {string} timeZone */
export function laterTime(atMs, afterMs, timeZone) {
  const day = (/** @type {number} */ ms) =>
    new Date(ms).toLocaleDateString('en-GB', { timeZone, weekday: 'short', day: 'numeric', month: 'short' });
  const time = new Date(atMs).toLocaleTimeString('en-GB', { timeZone });
  return day(atMs) === day(afterMs) ? time : `${day(atMs)} ${time}`;
}

/** @param {number} ms */
function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** 2.5 ms, 700 ms, 1.2 s @param {number} ms */
export function duration(ms) {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** JSON spread over lines; any other text as it is. @param {string} text */
export function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** A value of a JSON object on one line: a text as it is, anything else as JSON. @param {unknown} value */
export function shown(value) {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** A hue for CSS, always the same for a name. @param {string} name */
export function hueOf(name) {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3_600;
  return String((hash * 137) % 360);
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
