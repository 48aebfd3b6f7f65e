import { h, setText } from './dom.js';
import { plural, readable } from './format.js';

/**
 * Publishes to the job topic. The last payload of every job is remembered in this browser.
 * @param {Element} panel
 */
export function createPublishForm(panel) {
  const names = h('datalist', { id: 'job-names' });
  const job = h('input', {
    id: 'job',
    list: 'job-names',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: 256,
    placeholder: 'GreetingJob',
    'aria-describedby': 'job-hint',
  });
  const jobHint = h('p', { id: 'job-hint', class: 'hint' });
  const payload = h('textarea', {
    id: 'payload',
    rows: 5,
    spellcheck: 'false',
    'aria-describedby': 'payload-hint',
  });
  payload.value = '{}';
  const payloadHint = h('p', { id: 'payload-hint', class: 'hint' });
  const attributes = h('textarea', {
    id: 'attributes',
    rows: 2,
    spellcheck: 'false',
    placeholder: 'jobId=order-17',
    'aria-describedby': 'attributes-hint',
  });
  const attributesHint = h(
    'p',
    { id: 'attributes-hint', class: 'hint' },
    'One name=value a line, sent as String attributes.',
  );
  const count = h('input', { id: 'count', type: 'number', min: 1, max: 1000, value: 1, required: true });
  const send = h('button', { class: 'primary', title: 'Ctrl+Enter' }, 'Publish');
  const result = h('p', { class: 'result', role: 'status' });
  const form = h(
    'form',
    { novalidate: true },
    field('job', 'Job', job, names, jobHint),
    field('payload', 'Payload, as JSON', payload, payloadHint),
    h(
      'details',
      {},
      h('summary', {}, 'Attributes'),
      field('attributes', 'Attributes', attributes, attributesHint),
    ),
    h('div', { class: 'send' }, field('count', 'How many', count), send),
    result,
  );
  panel.append(form);

  /** @type {string[]} */
  let known = [];
  job.addEventListener('input', () => chooseJob());
  payload.addEventListener('input', () => check());
  attributes.addEventListener('input', () => check());
  form.addEventListener('submit', submit);
  form.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  check();

  return {
    /** @param {string[]} jobNames */
    setJobs(jobNames) {
      if (jobNames.join('\n') === known.join('\n')) return;
      known = jobNames;
      names.replaceChildren(...jobNames.map((name) => h('option', { value: name })));
      if (job.value === '' && jobNames[0] !== undefined) fill(jobNames[0]);
      check();
    },
    /** Chooses a job, with the payload it got last or the one given, and goes there. @param {string} jobName @param {string} [text] */
    open(jobName, text) {
      fill(jobName);
      if (text !== undefined) payload.value = readable(text);
      check();
      panel.scrollIntoView({ block: 'nearest' });
      payload.focus();
    },
  };

  /** @param {string} jobName */
  function fill(jobName) {
    job.value = jobName;
    chooseJob();
  }

  function chooseJob() {
    const remembered = recall(job.value);
    if (remembered !== null) payload.value = remembered;
    check();
  }

  /** Says as one types what is wrong. */
  function check() {
    const isUnknown = job.value !== '' && known.length > 0 && !known.includes(job.value);
    setText(jobHint, isUnknown ? 'No job has this name: the message will end in the unrouted queue.' : '');
    jobHint.classList.toggle('warn', isUnknown);
    const problem = jsonProblem(payload.value);
    const bytes = new TextEncoder().encode(payload.value).length;
    setText(payloadHint, problem ?? `Valid JSON, ${plural(bytes, 'byte')}. Ctrl+Enter publishes.`);
    markInvalid(payload, payloadHint, problem !== undefined);
    const wrong = attributesProblem(attributes.value);
    setText(attributesHint, wrong ?? 'One name=value a line, sent as String attributes.');
    markInvalid(attributes, attributesHint, wrong !== undefined);
    return problem ?? wrong;
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    const problem = job.value === '' ? 'Name a job.' : (check() ?? countProblem(count));
    if (problem !== undefined) return tell(problem, true);
    send.disabled = true;
    tell('Publishing…', false);
    const jobName = job.value;
    try {
      const { published, messageId } = await post({
        jobName,
        payload: JSON.parse(payload.value),
        attributes: parseAttributes(attributes.value),
        count: count.valueAsNumber,
      });
      remember(jobName, payload.value);
      tell(
        `Published ${plural(published, 'message')} to ${jobName}${published === 1 ? `, ${messageId}` : ''}.`,
        false,
      );
    } catch (error) {
      tell(/** @type {Error} */ (error).message, true);
    }
    send.disabled = false;
  }

  /** @param {string} text @param {boolean} isError */
  function tell(text, isError) {
    setText(result, text);
    result.classList.toggle('error', isError);
  }
}

/** @param {string} id @param {string} label @param {HTMLElement} input @param {...HTMLElement} rest */
function field(id, label, input, ...rest) {
  return h('div', { class: 'field-group' }, h('label', { for: id }, label), input, ...rest);
}

/** @param {HTMLElement} input @param {Element} hint @param {boolean} isInvalid */
function markInvalid(input, hint, isInvalid) {
  input.setAttribute('aria-invalid', String(isInvalid));
  hint.classList.toggle('error', isInvalid);
}

/** @param {string} text @returns {string | undefined} */
function jsonProblem(text) {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `Not JSON: ${/** @type {Error} */ (error).message}`;
  }
}

/** @param {string} text @returns {string | undefined} */
function attributesProblem(text) {
  const wrong = attributeLines(text).find((line) => !/^[^=]+=.+$/.test(line));
  return wrong === undefined ? undefined : `“${wrong}” is not name=value.`;
}

/** @param {string} text */
function parseAttributes(text) {
  const pairs = attributeLines(text).map((line) => {
    const index = line.indexOf('=');
    return [line.slice(0, index).trim(), line.slice(index + 1)];
  });
  return Object.fromEntries(pairs);
}

/** @param {string} text */
function attributeLines(text) {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** @param {HTMLInputElement} count @returns {string | undefined} */
function countProblem(count) {
  return count.checkValidity() ? undefined : 'How many: a whole number from 1 to 1,000.';
}

/** @param {object} message @returns {Promise<{ published: number, messageId: string }>} */
async function post(message) {
  const response = await fetch('/api/publish', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
  }).catch(() => {
    throw new Error('The platform does not answer. Is it still running?');
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** @param {string} jobName @param {string} payload */
function remember(jobName, payload) {
  try {
    localStorage.setItem(`payload:${jobName}`, payload);
  } catch {
    // storage is full or switched off: only the convenience is lost
  }
}

/** @param {string} jobName */
function recall(jobName) {
  try {
    return localStorage.getItem(`payload:${jobName}`);
  } catch {
    return null;
  }
}
