import { h, setText } from './dom.js';
import { hueOf, timeOfDay } from './format.js';
import { parseLine } from './logLine.js';

const KEPT_LINES = 500;
const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/**
 * The newest lines, filtered by job, level and text; a line opens to its whole JSON.
 * @typedef {import('../feedLine.ts').FeedLine} FeedLine
 * @typedef {import('./logLine.js').LogEntry} LogEntry
 * @typedef {{ element: HTMLElement, line: FeedLine, entry: LogEntry, search: string }} Shown
 * @param {Element} tools
 * @param {Element} panel
 */
export function createLog(tools, panel) {
  /** @type {Shown[]} */
  let shown = [];
  /** @type {FeedLine[]} */
  let held = [];
  let isPaused = false;
  /** Whether the lines that are held hold what is shown too, as after a new connection. */
  let doesHeldReplace = false;
  /** @type {Map<string, string>} */
  const jobs = new Map();

  const job = h('select', { 'aria-label': 'Lines of' }, h('option', { value: '*' }, 'All jobs'));
  const level = h('select', { 'aria-label': 'Level' }, ...levelOptions());
  const text = h('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter by text' });
  const pause = h('button', { type: 'button', 'aria-pressed': 'false' }, 'Pause');
  const clear = h('button', { type: 'button' }, 'Clear');
  tools.append(job, level, text, pause, clear);
  const list = h('ol', {
    class: 'lines',
    role: 'log',
    'aria-live': 'off',
    tabindex: '0',
    'aria-label': 'Log lines',
  });
  const empty = h('p', { class: 'empty' });
  panel.append(list, empty);
  for (const filter of [job, level, text]) filter.addEventListener('input', () => filterAll());
  pause.addEventListener('click', () => setPaused(!isPaused));
  clear.addEventListener('click', () => replaceAll([]));
  say();

  return {
    /** @param {FeedLine[]} lines @param {number} skipped @param {boolean} isFirst whether they replace what is shown */
    add(lines, skipped, isFirst) {
      if (isFirst) startOver();
      if (skipped > 0) lines = [skippedLine(skipped), ...lines];
      if (isPaused) hold(lines);
      else append(lines);
    },
    /** @param {readonly import('../view.ts').ConsoleJob[]} now */
    setJobs(now) {
      for (const { name, functionName } of now) addSource(functionName, name);
    },
  };

  function startOver() {
    held = [];
    doesHeldReplace = isPaused;
    if (!isPaused) replaceAll([]);
  }

  /** @param {FeedLine[]} lines */
  function append(lines) {
    const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const fresh = lines.slice(-KEPT_LINES).map(createLine);
    shown.push(...fresh);
    for (const { element } of shown.splice(0, shown.length - KEPT_LINES)) element.remove();
    for (const one of fresh) one.element.hidden = !matches(one);
    list.append(...fresh.map(({ element }) => element));
    say();
    if (follows) list.scrollTop = list.scrollHeight;
  }

  /** @param {FeedLine} line */
  function createLine(line) {
    addSource(line.functionName, line.functionName ?? 'Platform');
    const entry = parseLine(line);
    const source = jobs.get(line.functionName ?? '') ?? line.functionName ?? 'Platform';
    const element = lineElement(line, entry, source);
    return { element, line, entry, search: `${source} ${line.text}`.toLowerCase() };
  }

  /** @param {string | null} functionName @param {string} name */
  function addSource(functionName, name) {
    const key = functionName ?? '';
    const known = jobs.get(key);
    if (known !== undefined && (known === name || known !== functionName)) return;
    jobs.set(key, name);
    const option = [...job.options].find(({ value }) => value === `=${key}`);
    if (option) setText(option, name);
    else job.append(h('option', { value: `=${key}` }, name));
  }

  function filterAll() {
    for (const one of shown) one.element.hidden = !matches(one);
    say();
    list.scrollTop = list.scrollHeight;
  }

  /** @param {Shown} one */
  function matches({ line, entry, search }) {
    if (job.value !== '*' && job.value !== `=${line.functionName ?? ''}`) return false;
    if (levels.indexOf(entry.level ?? 'INFO') < levels.indexOf(level.value)) return false;
    return search.includes(text.value.trim().toLowerCase());
  }

  /** @param {FeedLine[]} lines */
  function hold(lines) {
    held = [...held, ...lines].slice(-KEPT_LINES);
    say();
  }

  /** @param {boolean} wanted */
  function setPaused(wanted) {
    isPaused = wanted;
    pause.setAttribute('aria-pressed', String(wanted));
    const waiting = held;
    held = [];
    if (!wanted && doesHeldReplace) replaceAll(waiting);
    else if (!wanted) append(waiting);
    doesHeldReplace = false;
    say();
  }

  /** @param {FeedLine[]} lines */
  function replaceAll(lines) {
    for (const { element } of shown) element.remove();
    shown = [];
    append(lines);
  }

  function say() {
    setText(pause, isPaused ? `Resume${held.length > 0 ? ` (${held.length} new)` : ''}` : 'Pause');
    const visible = shown.filter(({ element }) => !element.hidden).length;
    empty.hidden = visible > 0;
    list.hidden = visible === 0;
    setText(
      empty,
      shown.length > 0 ? 'No line matches the filter.' : 'No line yet: a job that runs logs here.',
    );
  }
}

/** @param {FeedLine} line @param {LogEntry} entry @param {string} source */
function lineElement(line, entry, source) {
  const { level, message, fields, error } = entry;
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
  const { entry: json } = entry;
  if (json === null) return h('li', { class: 'line', 'data-level': level ?? 'NONE' }, ...parts);
  const details = h('details', {}, h('summary', {}, ...parts));
  details.addEventListener(
    'toggle',
    () => details.childElementCount === 1 && details.append(...opened(json)),
  );
  return h('li', { class: 'line', 'data-level': level ?? 'NONE' }, details);
}

/** A stack is shown as the lines it is. @param {Record<string, unknown>} json */
function opened(json) {
  const { error } = json;
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? error.stack : undefined;
  const parts = [h('pre', { class: 'wrap' }, JSON.stringify(json, undefined, 2))];
  if (typeof stack === 'string') parts.unshift(h('pre', { class: 'stack' }, stack));
  return parts;
}

/** @param {number} skipped @returns {FeedLine} */
function skippedLine(skipped) {
  const text = `${skipped} lines came faster than this page could take them; the terminal has them all.`;
  return { functionName: null, level: 'WARN', text, atMs: Date.now(), isStderr: false };
}

function levelOptions() {
  return [
    h('option', { value: 'DEBUG' }, 'All levels'),
    h('option', { value: 'INFO' }, 'Info and up'),
    h('option', { value: 'WARN' }, 'Warnings'),
    h('option', { value: 'ERROR' }, 'Errors'),
  ];
}
