import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { plural, readable, shown, since } from './format.js';

/**
 * Opens a dialog with the messages of a queue, without receiving them.
 * @typedef {import('../queueMessages.ts').MessageView} MessageView
 * @typedef {(jobName: string, payload: string) => void} Reuse takes a message's payload into the form
 * @param {string} queueName
 * @param {string} title
 * @param {Reuse} reuse
 */
export function openQueue(queueName, title, reuse) {
  const list = h('div', { class: 'messages', 'aria-live': 'polite' }, 'Looking…');
  const again = h('button', { type: 'button', class: 'quiet look-again' }, 'Look again');
  const dialog = openDialog(
    title,
    h(
      'p',
      { class: 'meta' },
      again,
      'In ',
      h('code', {}, queueName),
      '. Looking receives nothing: no count goes up, no message moves.',
    ),
    list,
  );
  const show = () =>
    void load(queueName, list, (jobName, payload) => {
      dialog.close();
      reuse(jobName, payload);
    });
  again.addEventListener('click', show);
  show();
}

/** @param {string} queueName @param {Element} list @param {Reuse} reuse */
async function load(queueName, list, reuse) {
  try {
    const response = await fetch(`/api/queues/${encodeURIComponent(queueName)}/messages`);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    /** @type {import('../queueMessages.ts').QueueMessages} */
    const { messages, total } = answer;
    const note =
      total > messages.length ? `The oldest ${messages.length} of ${total}.` : plural(total, 'message');
    list.replaceChildren(
      h('p', { class: 'meta' }, total === 0 ? 'The queue is empty.' : note),
      ...messages.map((message) => messageElement(message, reuse)),
    );
  } catch (error) {
    list.replaceChildren(
      h('p', { class: 'error' }, `The messages could not be read: ${/** @type {Error} */ (error).message}`),
    );
  }
}

/** @param {MessageView} message @param {Reuse} reuse */
function messageElement(message, reuse) {
  const { reason, movedByRedrivePolicy, payload, payloadCut, attributes } = message;
  const use = h('button', { type: 'button', class: 'quiet' }, 'Use in the form');
  use.addEventListener('click', () => reuse(attributes.jobName ?? '', payload));
  return h(
    'article',
    { class: 'message-card' },
    movedByRedrivePolicy && h('p', { class: 'error-title' }, movedText(reason !== null)),
    reason && reasonElement(reason),
    h('p', { class: 'meta' }, aboutText(message)),
    h('div', { class: 'label-line' }, h('h3', {}, 'Payload'), payloadCut === 0 && use),
    h('pre', { class: 'wrap' }, payloadCut > 0 ? `${payload}…` : readable(payload)),
    payloadCut > 0 && h('p', { class: 'meta' }, `${plural(payloadCut, 'character')} more.`),
    h('h3', {}, 'Attributes'),
    pairs(Object.entries(attributes)),
  );
}

/** @param {Readonly<Record<string, unknown>>} reason */
function reasonElement({ name = 'Error', message = '', stack, ...rest }) {
  const others = Object.entries(rest).map(
    ([key, value]) => /** @type {[string, string]} */ ([key, shown(value)]),
  );
  return h(
    'div',
    { class: 'why-dead' },
    h('p', { class: 'error-title' }, h('strong', {}, shown(name)), `: ${shown(message)}`),
    pairs(others),
    typeof stack === 'string' &&
      h('details', {}, h('summary', {}, 'Stack'), h('pre', { class: 'stack' }, stack)),
  );
}

/** @param {boolean} hasReason */
function movedText(hasReason) {
  const moved = 'No attempt ended with an outcome: the queue’s redrive policy moved the message here.';
  return hasReason ? `${moved} The reason of an earlier death:` : moved;
}

/** @param {MessageView} message */
function aboutText({ state, enteredAtMs, receiveCount, messageId }) {
  return `${state} for ${since(enteredAtMs)}, received ${plural(receiveCount, 'time')}, message ${messageId}`;
}

/** @param {[string, string][]} entries */
function pairs(entries) {
  if (entries.length === 0) return h('p', { class: 'meta' }, 'None.');
  const items = entries.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
  return h('dl', { class: 'pairs-list' }, ...items);
}
