import { h } from './dom.js';

/**
 * Opens a modal dialog. The browser keeps the focus inside, closes the dialog with Escape, and gives the focus back.
 * @param {string} title
 * @param {...Node} content
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, ...content) {
  const close = h('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×');
  const dialog = h(
    'dialog',
    { 'aria-label': title },
    h('div', { class: 'dialog-head' }, h('h2', {}, title), close),
    h('div', { class: 'dialog-body' }, ...content),
  );
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (/** @type {MouseEvent} */ { target }) => {
    if (target === dialog) dialog.close(); // the backdrop
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
