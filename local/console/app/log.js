import { h, setText } from './dom.js';
import { hueOf, readable, timeOfDay } from './format.js';
import { shownLine } from './logLine.js';

const KEPT_LINES = 500;
const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/**
 * @typedef {import('../feedLine.ts').FeedLine} FeedLine
 * @typedef {import('./logLine.js').ShownLine} ShownLine
 * @typedef {{ element: HTMLElement, line: FeedLine, shown: ShownLine, search: string }} Shown
 */

/** The panel of log lines: the newest, filtered by job, level and text. A line opens to its whole JSON. */
export class Log {
  #controls = createControls();
  #list = h('ol', {
    class: 'lines',
    role: 'log',
    'aria-live': 'off',
    tabindex: '0',
    'aria-label': 'Log lines',
  });
  #empty = h('p', { class: 'empty' });
  /** @type {Shown[]} */
  #shown = [];
  /** @type {FeedLine[]} */
  #held = [];
  #isPaused = false;
  /** Whether the held lines replace those that are shown, as after a new connection. */
  #doesHeldReplace = false;
  /** The name that each function's lines carry. @type {Map<string, string>} */
  #jobs = new Map();

  /** @param {Element} tools @param {Element} panel */
  constructor(tools, panel) {
    const { job, level, text, pause, clear } = this.#controls;
    tools.append(job, level, text, pause, clear);
    panel.append(this.#list, this.#empty);
    for (const filter of [job, level, text]) filter.addEventListener('input', () => this.#filterAll());
    pause.addEventListener('click', () => this.#setPaused(!this.#isPaused));
    clear.addEventListener('click', () => this.#replaceAll([]));
    this.#say();
  }

  /** @param {FeedLine[]} lines @param {number} skipped @param {boolean} isFirst whether they replace what is shown */
  add(lines, skipped, isFirst) {
    if (isFirst) this.#startOver();
    const all = skipped > 0 ? [skippedLine(skipped), ...lines] : lines;
    if (this.#isPaused) this.#hold(all);
    else this.#append(all);
  }

  /** @param {readonly import('../view.ts').ConsoleJob[]} now */
  setJobs(now) {
    for (const { name, functionName } of now) this.#addSource(functionName, name);
  }

  #startOver() {
    this.#held = [];
    this.#doesHeldReplace = this.#isPaused;
    if (!this.#isPaused) this.#replaceAll([]);
  }

  /** @param {FeedLine[]} lines */
  #append(lines) {
    const list = this.#list;
    const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const fresh = lines.slice(-KEPT_LINES).map((line) => this.#createLine(line));
    this.#shown.push(...fresh);
    for (const { element } of this.#shown.splice(0, this.#shown.length - KEPT_LINES)) element.remove();
    for (const one of fresh) one.element.hidden = !this.#matches(one);
    list.append(...fresh.map(({ element }) => element));
    this.#say();
    if (follows) list.scrollTop = list.scrollHeight;
  }

  /** @param {FeedLine} line @returns {Shown} */
  #createLine(line) {
    this.#addSource(line.functionName, line.functionName ?? 'Platform');
    const shown = shownLine(line);
    const source = this.#jobs.get(line.functionName ?? '') ?? line.functionName ?? 'Platform';
    const element = lineElement(line, shown, source);
    return { element, line, shown, search: `${source} ${line.text}`.toLowerCase() };
  }

  /** @param {string | null} functionName @param {string} name */
  #addSource(functionName, name) {
    const { job } = this.#controls;
    const key = functionName ?? '';
    const known = this.#jobs.get(key);
    if (known !== undefined && (known === name || known !== functionName)) return;
    this.#jobs.set(key, name);
    const option = [...job.options].find(({ value }) => value === `=${key}`);
    if (option) setText(option, name);
    else job.append(h('option', { value: `=${key}` }, name));
  }

  #filterAll() {
    for (const one of this.#shown) one.element.hidden = !this.#matches(one);
    this.#say();
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** @param {Shown} one */
  #matches({ line, shown, search }) {
    const { job, level, text } = this.#controls;
    if (job.value !== '*' && job.value !== `=${line.functionName ?? ''}`) return false;
    if (levels.indexOf(shown.level ?? 'INFO') < levels.indexOf(level.value)) return false;
    return search.includes(text.value.trim().toLowerCase());
  }

  /** @param {FeedLine[]} lines */
  #hold(lines) {
    this.#held = [...this.#held, ...lines].slice(-KEPT_LINES);
    this.#say();
  }

  /** @param {boolean} wanted */
  #setPaused(wanted) {
    this.#isPaused = wanted;
    this.#controls.pause.setAttribute('aria-pressed', String(wanted));
    const waiting = this.#held;
    this.#held = [];
    if (!wanted && this.#doesHeldReplace) this.#replaceAll(waiting);
    else if (!wanted) this.#append(waiting);
    this.#doesHeldReplace = false;
    this.#say();
  }

  /** @param {FeedLine[]} lines */
  #replaceAll(lines) {
    for (const { element } of this.#shown) element.remove();
    this.#shown = [];
    this.#append(lines);
  }

  #say() {
    const news = this.#held.length > 0 ? ` (${this.#held.length} new)` : '';
    setText(this.#controls.pause, this.#isPaused ? `Resume${news}` : 'Pause');
    const hasVisible = this.#shown.some(({ element }) => !element.hidden);
    this.#empty.hidden = hasVisible;
    this.#list.hidden = !hasVisible;
    setText(
      this.#empty,
      this.#shown.length > 0 ? 'No line matches the filter.' : 'No line yet: a job that runs logs here.',
    );
  }
}

function createControls() {
  return {
    job: h('select', { 'aria-label': 'Lines of' }, h('option', { value: '*' }, 'All jobs')),
    level: h('select', { 'aria-label': 'Level' }, ...levelOptions()),
    text: h('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter by text' }),
    pause: h('button', { type: 'button', 'aria-pressed': 'false' }, 'Pause'),
    clear: h('button', { type: 'button' }, 'Clear'),
  };
}

/** @param {FeedLine} line @param {ShownLine} shown @param {string} source */
function lineElement(line, shown, source) {
  const { level, message, fields, error } = shown;
  const dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
  dot.style.setProperty('--hue', hueOf(line.functionName ?? ''));
  if (line.functionName === null) dot.classList.add('platform');
  const parts = [
    h('time', {}, timeOfDay(line.atMs)),
    h('span', { class: 'level', 'data-level': level ?? 'NONE' }, level ?? ''),
    h('span', { class: 'source' }, dot, source),
    h(
      'span',
      { class: 'what' },
      h('span', { class: 'message' }, message),
      ...fields.map(([name, value]) => h('span', { class: 'field' }, h('i', {}, `${name}=`), value)),
      error !== null && h('span', { class: 'error' }, error),
    ),
  ];
  if (line.entry === null) return h('li', { class: 'line', 'data-level': level ?? 'NONE' }, ...parts);
  const details = h('details', {}, h('summary', {}, ...parts));
  details.addEventListener(
    'toggle',
    () => details.childElementCount === 1 && details.append(...opened(line)),
  );
  return h('li', { class: 'line', 'data-level': level ?? 'NONE' }, details);
}

/** The whole line. A stack is shown line by line. @param {FeedLine} line */
function opened({ text, entry }) {
  const error = entry?.error;
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? error.stack : undefined;
  const parts = [h('pre', { class: 'wrap' }, readable(text))];
  if (typeof stack === 'string') parts.unshift(h('pre', { class: 'stack' }, stack));
  return parts;
}

/** @param {number} skipped @returns {FeedLine} */
function skippedLine(skipped) {
  const text = `${skipped} lines came faster than this page could take them; the terminal has them all.`;
  return { functionName: null, level: 'WARN', text, entry: null, atMs: Date.now(), isStderr: false };
}

function levelOptions() {
  return [
    h('option', { value: 'DEBUG' }, 'All levels'),
    h('option', { value: 'INFO' }, 'Info and up'),
    h('option', { value: 'WARN' }, 'Warnings'),
    h('option', { value: 'ERROR' }, 'Errors'),
  ];
}
