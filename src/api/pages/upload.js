import { ApiError, ask, post } from './api.js';
import { byId, h, show, sizeOf, stateName, timeOf } from './dom.js';
import { acceptAttribute, acceptedType, typesInWords } from './fileType.js';
import { recentJobs, remember } from './recent.js';

/** @typedef {{ contentTypes: string[], maxBytes: number }} Bounds */

const form = byId('form');
const input = /** @type {HTMLInputElement} */ (byId('file'));
const select = /** @type {HTMLSelectElement} */ (byId('job'));
const start = /** @type {HTMLButtonElement} */ (byId('start'));
const stop = byId('stop');
const drop = byId('drop');
const bar = /** @type {HTMLProgressElement} */ (byId('progress'));

/** @type {Map<string, Bounds>} */
let jobs = new Map();
/** @type {File | undefined} */
let file;
/**
 * An uploaded file whose job could not be started yet.
 * @type {{ job: string, file: File, key: string } | undefined}
 */
let uploaded;
/** @type {AbortController | undefined} */
let sending;

select.addEventListener('change', () => choose(file));
input.addEventListener('change', () => choose(input.files?.[0]));
stop.addEventListener('click', () => sending?.abort());
form.addEventListener('submit', upload);
for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  drop.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', type.endsWith('r') && !input.disabled);
  });
}
drop.addEventListener('drop', ({ dataTransfer }) => {
  if (!input.disabled) choose(dataTransfer?.files[0]);
});
// Without this, a file that is dropped elsewhere on the page would replace the page.
for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault());
// This also runs when the browser shows the page again from its cache.
addEventListener('pageshow', () => {
  busy(false);
  showRecent();
});
await loadJobs();

/** Loads the jobs whose payload needs an upload and nothing else, with their bounds, from the API's description. */
async function loadJobs() {
  try {
    const { paths, components } = await (await ask('openapi.json')).json();
    jobs = new Map(
      Object.entries(paths).flatMap(([path, { post: operation }]) => {
        const name = /^\/jobs\/([^/]+)\/uploads$/.exec(path)?.[1];
        const fields = operation?.requestBody?.content['application/json'].schema.properties;
        return name && fields && wantsUploadAlone(paths[`/jobs/${name}`].post, components)
          ? [[name, { contentTypes: fields.contentType.enum, maxBytes: fields.bytes.maximum }]]
          : [];
      }),
    );
  } catch (error) {
    show('bounds', '');
    return fail(error);
  }
  const wanted = new URLSearchParams(location.search).get('job');
  select.replaceChildren(...[...jobs.keys()].map((name) => h('option', { value: name }, name)));
  byId('job-field').hidden = jobs.size < 2;
  if (jobs.size === 0) return show('message', 'No job takes an upload alone.');
  if (wanted !== null && !jobs.has(wanted)) {
    byId('job-field').hidden = false;
    show('message', `There is no job ${wanted} that takes an upload alone: choose one of these.`);
  }
  select.value = [wanted, 'DocumentJob'].find((name) => name && jobs.has(name)) ?? [...jobs.keys()][0] ?? '';
  busy(false);
  choose(undefined, byId('message').textContent ?? '');
}

/**
 * @param {{ requestBody: { content: Record<string, { schema: { $ref?: string } }> } }} operation
 * @param {{ schemas: Record<string, { required?: string[] }> }} components
 */
function wantsUploadAlone({ requestBody }, { schemas }) {
  const name = requestBody.content['application/json']?.schema.$ref?.split('/').at(-1);
  const { required = ['upload'] } = (name && schemas[name]) || {};
  return required.every((field) => field === 'upload');
}

/** @param {File | undefined} given @param {string} [message] */
function choose(given, message = '') {
  file = given;
  const { contentTypes, maxBytes } = bounds();
  input.accept = acceptAttribute(contentTypes);
  show('bounds', `${typesInWords(contentTypes)}, up to ${sizeOf(maxBytes)}`);
  byId('chosen').replaceChildren(
    ...(file
      ? [h('b', {}, file.name), ` ${sizeOf(file.size)}`]
      : [h('b', {}, 'Choose a file'), ' or drop it here']),
  );
  const problem = file && problemOf(file);
  show('message', problem ?? message);
  start.disabled = file === undefined || problem !== undefined;
}

function bounds() {
  return jobs.get(select.value) ?? { contentTypes: [], maxBytes: 0 };
}

/** @param {File} file */
function problemOf({ name, type, size }) {
  const { contentTypes, maxBytes } = bounds();
  if (acceptedType({ name, type }, contentTypes) === undefined)
    return `${name} cannot be used: choose a ${typesInWords(contentTypes)} file.`;
  if (size === 0) return `${name} is empty: choose a file that has something in it.`;
  return size > maxBytes ? `${name} has ${sizeOf(size)}, and ${sizeOf(maxBytes)} are allowed.` : undefined;
}

/** @param {Event} event */
async function upload(event) {
  event.preventDefault();
  if (file === undefined || sending !== undefined) return;
  const [job, chosen] = [select.value, file];
  sending = new AbortController();
  busy(true);
  try {
    if (uploaded?.file !== chosen || uploaded.job !== job) {
      uploaded = { job, file: chosen, key: await uploadedKey(job, chosen, sending.signal) };
    }
    step('Starting', 1);
    // The key belongs to the upload, so pressing the button twice starts one job.
    const { jobId } = await post(
      `jobs/${job}`,
      { upload: uploaded.key },
      { 'idempotency-key': uploaded.key.split('/')[2] ?? '' },
    );
    remember({ id: jobId, job, name: chosen.name, at: new Date().toISOString() });
    location.assign(`job?id=${encodeURIComponent(jobId)}`);
  } catch (error) {
    busy(false);
    if (!sending.signal.aborted) fail(error);
    start.focus();
  } finally {
    sending = undefined;
  }
}

/** @param {string} job @param {File} file @param {AbortSignal} signal @returns {Promise<string>} */
async function uploadedKey(job, file, signal) {
  const contentType = acceptedType(file, bounds().contentTypes);
  const form = await post(`jobs/${job}/uploads`, { name: file.name, contentType, bytes: file.size });
  await sendFile(form, file, { signal, onProgress: (fraction) => step('Uploading', fraction) });
  return form.upload;
}

/** @param {string} text @param {number} fraction */
function step(text, fraction) {
  show('step', text);
  show('sent', `${Math.floor(fraction * 100)} %`);
  bar.value = fraction;
}

/** @param {boolean} isBusy */
function busy(isBusy) {
  byId('sending').hidden = stop.hidden = !isBusy;
  input.disabled = select.disabled = isBusy || jobs.size === 0;
  start.hidden = isBusy;
  drop.classList.toggle('idle', isBusy);
  if (isBusy) {
    step('Uploading', 0);
    show('message');
    stop.focus();
  }
}

/** @param {unknown} error */
function fail(error) {
  if (!(error instanceof ApiError)) console.error(error);
  show('message', /** @type {Error} */ (error).message);
}

function showRecent() {
  const recent = recentJobs();
  byId('recent').hidden = recent.length === 0;
  byId('jobs').replaceChildren(
    ...recent.map(({ id, name, at, state }) =>
      h(
        'li',
        {},
        h('a', { href: `job?id=${encodeURIComponent(id)}` }, name),
        h('span', { class: 'pill', 'data-state': state ?? 'queued' }, state ? stateName(state) : 'Started'),
        timeOf(at),
      ),
    ),
  );
}

/**
 * Sends a file to S3 by a presigned POST. It uses XMLHttpRequest, because only that tells how much has been sent.
 * @param {{ url: string, fields: Record<string, string> }} form
 * @param {Blob} file
 * @param {{ onProgress(fraction: number): void, signal: AbortSignal }} options
 * @returns {Promise<void>}
 */
function sendFile({ url, fields }, file, { onProgress, signal }) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append('file', file); // S3 ignores what follows the file
  const { promise, resolve, reject } = Promise.withResolvers();
  const request = new XMLHttpRequest();
  request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
  request.onload = () => (request.status < 300 ? resolve(undefined) : reject(refusal(request)));
  request.onerror = () => reject(new ApiError('The connection broke during the upload: try again.', 0));
  request.onabort = () => reject(signal.reason);
  signal.addEventListener('abort', () => request.abort());
  request.open('POST', url);
  request.send(body);
  return promise;
}

/** The error for an answer of S3, which gives its reason as XML. @param {XMLHttpRequest} request */
function refusal({ status, responseText }) {
  const code = /<Code>(\w+)<\/Code>/.exec(responseText)?.[1] ?? '';
  if (/EntityTooLarge|EntityTooSmall/.test(code))
    return new ApiError('The file changed its size: choose it again.', status);
  if (/expired/i.test(responseText))
    return new ApiError('The upload took too long to begin: try again.', status);
  return new ApiError(`The file was not taken (${status} ${code}): try again.`, status);
}
