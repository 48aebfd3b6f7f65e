import { ask, token } from './api.js';
import { byId, h, show, stateName, timeOf } from './dom.js';
import { follow, isEnd } from './follow.js';
import { forget, recentJobs, remember } from './recent.js';

/** @typedef {import('../../job/jobStatus.ts').JobStatus} Status */

const id = new URLSearchParams(location.search).get('id') ?? '';
const path = `jobs/${encodeURIComponent(id)}`;
const cancel = byId('cancel');
const download = byId('download');
const name = recentJobs().find((job) => job.id === id)?.name;
/** @type {Status | undefined} */
let status;

cancel.addEventListener('click', cancelJob);
download.addEventListener('click', save);
if (id === '') show('state', 'This address names no job.');
else await watch();

async function watch() {
  const ticking = setInterval(tick, 1000);
  try {
    await follow(path, { onStatus: update, onTrouble: (message) => show('message', message) });
  } catch (error) {
    const isGone = /** @type {{ status?: number }} */ (error).status === 404;
    if (isGone) forget(id);
    show(
      'state',
      isGone
        ? 'There is no such job, its status has expired, or it is not yours.'
        : 'The job cannot be shown.',
    );
    show('message', isGone ? '' : /** @type {Error} */ (error).message);
  }
  clearInterval(ticking);
}

/** @param {Status} now */
function update(now) {
  const isChanged = JSON.stringify(now.history) !== JSON.stringify(status?.history);
  status = now;
  const { state, jobName, history, isCancelRequested } = status;
  const end = isEnd(status);
  remember({ id, job: jobName, name: name ?? jobName, at: status.createdAt, state });
  show('title', name ?? jobName);
  const stateText = isCancelRequested && !end ? 'Stopping…' : stateName(state);
  show('state', stateText);
  byId('state').dataset.state = state;
  updateBar(status);
  updateReason(status);
  updateResult(status);
  tick();
  /** @type {HTMLAnchorElement} */ (byId('again')).href = `upload?job=${encodeURIComponent(jobName)}`;
  if (isChanged) byId('history').replaceChildren(...history.toReversed().map(row));
  show('id', id);
  byId('past').hidden = false;
  const wasFocused = document.activeElement === cancel;
  cancel.hidden = end || isCancelRequested === true;
  if (wasFocused && cancel.hidden) (download.hidden ? byId('title') : download).focus();
}

/** @param {Status} status */
function updateBar({ state, progress }) {
  const bar = /** @type {HTMLProgressElement} */ (byId('progress'));
  byId('bar').hidden = state === 'dead' || state === 'cancelled';
  const fraction = state === 'succeeded' ? 1 : state === 'running' ? progress?.fraction : undefined;
  if (fraction === undefined) bar.removeAttribute('value');
  else bar.value = fraction;
  const percent = fraction === undefined || state === 'succeeded' ? '' : `${Math.floor(fraction * 100)} %`;
  const doing = state === 'running' ? (progress?.text ?? '') : '';
  bar.setAttribute('aria-valuetext', `${percent} ${doing}`.trim() || stateName(state));
  show('percent', percent);
  show('doing', doing);
  document.title = `${state === 'running' && percent ? percent : stateName(state)} – ${name ?? 'Job'}`;
}

/** @param {Status} status */
function updateReason({ state, reason, attempt = 1, maxAttempts }) {
  const isShown = state === 'dead' || state === 'retrying';
  byId('why').hidden = !isShown;
  byId('why').classList.toggle('bad', state === 'dead');
  if (!isShown) return;
  show('reason', reason?.message ?? 'No reason is known.');
  show(
    'advice',
    state === 'dead'
      ? adviceOn(reason?.name, attempt)
      : `Attempt ${attempt} of ${maxAttempts ?? '?'} failed.`,
  );
}

/** @param {string | undefined} reasonName @param {number} attempts */
function adviceOn(reasonName, attempts) {
  if (reasonName === 'NonRetryableError' || reasonName === 'InvalidPayloadError')
    return 'It would fail again: correct what the message names, then start a new job.';
  return `It was tried ${attempts === 1 ? 'once' : `${attempts} times`}. Start it again later; should it fail again, tell who runs this service the job’s ID below.`;
}

/** @param {Status} status */
function updateResult({ state, result }) {
  if (state !== 'succeeded') return;
  const isValue = result !== undefined && fileOf(result) === undefined;
  show('value', isValue ? JSON.stringify(result, undefined, 2) : '');
  download.hidden = isValue;
  download.textContent = fileOf(result) ? `Download ${fileOf(result)?.name}` : 'Get the result';
}

/** @param {unknown} result @returns {{ name: string } | undefined} */
function fileOf(result) {
  const file = Object(result).file;
  return typeof file?.key === 'string' && typeof file.name === 'string' ? file : undefined;
}

/**
 * Saves the result. The browser itself downloads a file best, but it sends no token, and
 * shows nothing when the job returned nothing.
 */
async function save() {
  if (token() === null && fileOf(status?.result)) return location.assign(`../${path}/result`);
  try {
    const response = await ask(`${path}/result`);
    if (response.status === 204) return show('message', 'The job returned nothing.');
    const url = URL.createObjectURL(await response.blob());
    h('a', { href: url, download: fileOf(status?.result)?.name ?? `${id}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    show('message', /** @type {Error} */ (error).message);
  }
}

async function cancelJob() {
  try {
    update(await (await ask(path, { method: 'DELETE' })).json());
  } catch (error) {
    // 409: the job has ended meanwhile, which the page is about to show.
    if (/** @type {{ status?: number }} */ (error).status !== 409)
      show('message', /** @type {Error} */ (error).message);
  }
}

/** Shows again what changes with time alone. */
function tick() {
  if (status === undefined) return;
  const { state, createdAt, startedAt, endedAt, nextAttemptAt } = status;
  const since = (/** @type {string} */ at, end = Date.now()) => duration(end - Date.parse(at));
  if (state === 'queued') show('timing', `Waiting for ${since(createdAt)}`);
  else if (state === 'running') show('timing', `Running for ${since(startedAt ?? createdAt)}`);
  else if (state === 'retrying')
    show('timing', nextAttemptAt ? nextIn(Date.parse(nextAttemptAt) - Date.now()) : '');
  else if (endedAt) show('timing', `It took ${since(createdAt, Date.parse(endedAt))}`);
}

/** @param {number} ms */
function nextIn(ms) {
  return ms > 0 ? `Next attempt in ${duration(ms)}` : 'Next attempt any moment';
}

/** @param {number} ms */
function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {Status['history'][number]} change */
function row({ state, at, attempt, reason }) {
  const text = `${stateName(state)}${state === 'running' && attempt ? `, attempt ${attempt}` : ''}`;
  const why = reason ? [h('small', {}, reason.message)] : [];
  return h('li', {}, h('span', { class: 'pill', 'data-state': state }, text), timeOf(at), ...why);
}
