import { byId, h, keyedList, setText } from './dom.js';
import { plural, since } from './format.js';

/**
 * The panel of alarms: each with its state, the reason, and when it goes off. Alarms that are up come first.
 * @typedef {import('../view.ts').ConsoleAlarm} ConsoleAlarm
 * @param {Element} panel
 */
export function createAlarms(panel) {
  const list = h('ul', { class: 'alarms' });
  const empty = h('p', { class: 'empty', hidden: true }, 'The template has no alarms.');
  panel.append(list, empty);
  const total = byId('alarms-count');
  const show = keyedList(list, (/** @type {ConsoleAlarm} */ { name }) => name, createAlarm);
  return {
    /** @param {readonly ConsoleAlarm[]} alarms */
    update(alarms) {
      show([...alarms].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name)));
      empty.hidden = alarms.length > 0;
      const up = alarms.filter(({ state }) => state === 'ALARM').length;
      setText(total, up > 0 ? plural(up, 'alarm is up', 'alarms are up') : `${alarms.length}, none up`);
      total.classList.toggle('bad', up > 0);
    },
  };
}

function createAlarm() {
  const pill = h('span', { class: 'pill' });
  const name = h('span', { class: 'alarm-name' });
  const age = h('span', { class: 'age' });
  const reason = h('p', { class: 'reason' });
  const condition = h('p', { class: 'condition' });
  const description = h('p', { class: 'description' });
  const details = h('details', {}, h('summary', {}, pill, name, age), condition, reason, description);
  let stateBefore = '';
  return {
    element: h('li', {}, details),
    /** @param {ConsoleAlarm} alarm */
    update(alarm) {
      pill.dataset.state = alarm.state;
      setText(pill, pillTexts[alarm.state]);
      setText(name, alarm.name);
      setText(age, since(alarm.sinceMs));
      age.title = `since ${new Date(alarm.sinceMs).toLocaleString('en-GB')}`;
      setText(reason, alarm.reason);
      setText(condition, `Up when ${alarm.condition}`);
      setText(description, alarm.description ?? '');
      if (alarm.state !== stateBefore) details.open = alarm.state === 'ALARM';
      stateBefore = alarm.state;
    },
  };
}

const pillTexts = { ALARM: 'ALARM', INSUFFICIENT_DATA: 'No data', SCALING: 'Scaling', OK: 'OK' };

/** @param {ConsoleAlarm} alarm */
function rank({ state }) {
  return ['ALARM', 'INSUFFICIENT_DATA', 'SCALING', 'OK'].indexOf(state);
}
