import { h, setText } from './dom.js';
import { plural, readable } from './format.js';

/** The form that publishes to the job topic. The browser remembers the last payload of each job. */
export class PublishForm {
  #fields = createFields();
  #form = createForm(this.#fields);
  /** @type {Element} */
  #panel;
  /** @type {string[]} */
  #known = [];

  /** @param {Element} panel */
  constructor(panel) {
    this.#panel = panel;
    panel.append(this.#form);
    const { job, payload, attributes } = this.#fields;
    job.addEventListener('input', () => this.#chooseJob());
    payload.addEventListener('input', () => this.#check());
    attributes.addEventListener('input', () => this.#check());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#form.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#form.requestSubmit();
    });
    this.#check();
  }

  /** @param {string[]} jobNames */
  setJobs(jobNames) {
    if (jobNames.join('\n') === this.#known.join('\n')) return;
    this.#known = jobNames;
    this.#fields.names.replaceChildren(...jobNames.map((name) => h('option', { value: name })));
    if (this.#fields.job.value === '' && jobNames[0] !== undefined) this.#fill(jobNames[0]);
    this.#check();
  }

  /** Shows the form for a job, with the given payload or the last one. @param {string} jobName @param {string} [text] */
  open(jobName, text) {
    const { payload } = this.#fields;
    this.#fill(jobName);
    if (text !== undefined) payload.value = readable(text);
    this.#check();
    this.#panel.scrollIntoView({ block: 'nearest' });
    payload.focus();
  }

  /** @param {string} jobName */
  #fill(jobName) {
    this.#fields.job.value = jobName;
    this.#chooseJob();
  }

  #chooseJob() {
    const remembered = recall(this.#fields.job.value);
    if (remembered !== null) this.#fields.payload.value = remembered;
    this.#check();
  }

  /** Shows what is wrong while a person types. */
  #check() {
    const { job, jobHint, payload, payloadHint, attributes, attributesHint } = this.#fields;
    const isUnknown = job.value !== '' && this.#known.length > 0 && !this.#known.includes(job.value);
    setText(jobHint, isUnknown ? 'No job has this name: the message will end in the unrouted queue.' : '');
    jobHint.classList.toggle('warn', isUnknown);
    const problem = jsonProblem(payload.value);
    const bytes = new TextEncoder().encode(payload.value).length;
    setText(payloadHint, problem ?? `Valid JSON, ${plural(bytes, 'byte')}. Ctrl+Enter publishes.`);
    markInvalid(payload, payloadHint, problem !== undefined);
    const wrong = attributesProblem(attributes.value);
    setText(attributesHint, wrong ?? attributesHelp);
    markInvalid(attributes, attributesHint, wrong !== undefined);
    return problem ?? wrong;
  }

  async #submit() {
    const { job, payload, attributes, count, send } = this.#fields;
    const problem = job.value === '' ? 'Name a job.' : (this.#check() ?? countProblem(count));
    if (problem !== undefined) return this.#tell(problem, true);
    send.disabled = true;
    this.#tell('Publishing…', false);
    const jobName = job.value;
    try {
      const { published, messageId } = await post({
        jobName,
        payload: JSON.parse(payload.value),
        attributes: parseAttributes(attributes.value),
        count: count.valueAsNumber,
      });
      remember(jobName, payload.value);
      const id = published === 1 ? `, ${messageId}` : '';
      this.#tell(`Published ${plural(published, 'message')} to ${jobName}${id}.`, false);
    } catch (error) {
      this.#tell(/** @type {Error} */ (error).message, true);
    }
    send.disabled = false;
  }

  /** @param {string} text @param {boolean} isError */
  #tell(text, isError) {
    const { result } = this.#fields;
    setText(result, text);
    result.classList.toggle('error', isError);
  }
}

const attributesHelp = 'One name=value a line, sent as String attributes.';

function createFields() {
  const payload = h('textarea', {
    id: 'payload',
    rows: 5,
    spellcheck: 'false',
    'aria-describedby': 'payload-hint',
  });
  payload.value = '{}';
  return {
    names: h('datalist', { id: 'job-names' }),
    job: h('input', {
      id: 'job',
      list: 'job-names',
      required: true,
      autocomplete: 'off',
      spellcheck: 'false',
      maxlength: 256,
      placeholder: 'GreetingJob',
      'aria-describedby': 'job-hint',
    }),
    jobHint: h('p', { id: 'job-hint', class: 'hint' }),
    payload,
    payloadHint: h('p', { id: 'payload-hint', class: 'hint' }),
    attributes: h('textarea', {
      id: 'attributes',
      rows: 2,
      spellcheck: 'false',
      placeholder: 'jobId=order-17',
      'aria-describedby': 'attributes-hint',
    }),
    attributesHint: h('p', { id: 'attributes-hint', class: 'hint' }, attributesHelp),
    count: h('input', { id: 'count', type: 'number', min: 1, max: 1000, value: 1, required: true }),
    send: h('button', { class: 'primary', title: 'Ctrl+Enter' }, 'Publish'),
    result: h('p', { class: 'result', role: 'status' }),
  };
}

/** @param {ReturnType<typeof createFields>} fields */
function createForm(fields) {
  const { names, job, jobHint, payload, payloadHint, attributes, attributesHint, count, send, result } =
    fields;
  return h(
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
    // The storage is full or switched off: only the convenience is lost.
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
