// All elements of the pages are made here. Text is always set as text: nothing parses it as HTML.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The element with an id that stands in the page's HTML file.
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 */
export function byId(id) {
  return /** @type {Kind} */ (document.getElementById(id));
}

/**
 * Shows a text in an element, and hides the element where the text is empty. It writes only a text that differs, so that
 * screen readers do not announce the same text twice.
 * @param {string} id
 * @param {string} [text]
 */
export function show(id, text = '') {
  const element = byId(id);
  element.hidden = text === '';
  if (element.textContent !== text) element.textContent = text;
}

/** An element that shows a time: without the date where that is today. @param {string} at */
export function timeOf(at) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const text = isToday
    ? date.toLocaleTimeString()
    : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return h('time', { datetime: at, title: date.toLocaleString() }, text);
}

/** A size as file managers show it, such as `1.5 MB` (1 MB is 1,024 KB). @param {number} bytes */
export function sizeOf(bytes) {
  if (bytes === 1) return '1 byte';
  const step = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)), 3);
  const value = bytes / 1024 ** step;
  return `${value.toLocaleString(undefined, { maximumFractionDigits: value < 10 ? 1 : 0 })} ${['bytes', 'KB', 'MB', 'GB'][step]}`;
}

/** The name of a state as people read it. @param {string} state */
export function stateName(state) {
  return names[state] ?? state;
}

/** @type {Record<string, string>} */
const names = {
  queued: 'Waiting',
  running: 'Running',
  retrying: 'Waiting to be tried again',
  succeeded: 'Done',
  dead: 'Failed',
  cancelled: 'Cancelled',
};
