import { openDialog } from './dialog.js';
import { byId, h, keyedList, setText } from './dom.js';
import { plural, timeOfDay } from './format.js';

/**
 * The panel of e-mails, which are files on this machine. A click opens one.
 * @typedef {import('../view.ts').MailSummary} MailSummary
 * @param {Element} panel
 */
export function createMailbox(panel) {
  const list = h('ul', { class: 'mails' });
  const empty = h('p', { class: 'empty' }, 'No mail. Alarms arrive here, as they would by e-mail.');
  panel.append(list, empty);
  const show = keyedList(list, (/** @type {MailSummary} */ { id }) => id, createMail);
  return {
    /** @param {readonly MailSummary[]} mails */
    update(mails) {
      show(mails);
      empty.hidden = mails.length > 0;
      setText(byId('mail-count'), mails.length > 0 ? plural(mails.length, 'mail') : '');
    },
  };
}

/** @param {MailSummary} mail */
function createMail({ id, to, subject, atMs }) {
  const button = h(
    'button',
    { type: 'button', class: 'mail' },
    h('span', { class: 'subject' }, subject),
    h('span', { class: 'meta' }, `${timeOfDay(atMs)} to ${to}`),
  );
  button.addEventListener('click', () => void openMail(id, subject));
  return { element: h('li', {}, button), update() {} };
}

/** @param {string} id @param {string} subject */
async function openMail(id, subject) {
  const body = h('div', { class: 'mail-text', 'aria-busy': 'true' }, 'Opening…');
  openDialog(subject, body);
  try {
    const response = await fetch(`/api/mails/${encodeURIComponent(id)}`);
    const mail = await response.json();
    if (!response.ok) throw new Error(mail.error);
    const about = `To ${mail.to}, ${new Date(mail.atMs).toLocaleString('en-GB')}`;
    body.replaceChildren(
      h('p', { class: 'meta' }, about),
      h('pre', { class: 'wrap' }, mail.text),
      h('p', { class: 'meta' }, 'File: ', h('code', {}, mail.file)),
    );
  } catch (error) {
    body.replaceChildren(
      h('p', { class: 'error' }, `The mail could not be opened: ${/** @type {Error} */ (error).message}`),
    );
  }
  body.removeAttribute('aria-busy');
}
