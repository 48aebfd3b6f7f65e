import { byId, h, keyedList, setText } from './dom.js';
import { dateTime, hueOf, laterTime, since, timeOfDay, until } from './format.js';

/**
 * The panel of schedules, each with its next firings and its last one. What fires next comes first.
 * @typedef {import('../view.ts').ConsoleSchedule} ConsoleSchedule
 * @typedef {import('../view.ts').ConsoleView} ConsoleView
 * @param {Element} panel
 */
export function createSchedules(panel) {
  const list = h('ul', { class: 'schedules' });
  const more = h('p', { class: 'meta', hidden: true });
  panel.append(list, more);
  const total = byId('schedules-count');
  /** @type {Map<string, string | null>} */
  let functionNames = new Map();
  const show = keyedList(list, keyOf, () =>
    createSchedule((jobName) => hueOf(functionNames.get(jobName) ?? jobName)),
  );
  return {
    /** @param {ConsoleView} view */
    update({ schedules, scheduleCount, jobs }) {
      functionNames = new Map(jobs.map(({ name, functionName }) => [name, functionName]));
      show(schedules);
      panel.toggleAttribute('hidden', scheduleCount === 0);
      const next = schedules[0]?.nextFirings[0];
      setText(total, `${scheduleCount}, ${next ? `the next ${until(next.atMs)}` : 'none to come'}`);
      more.hidden = scheduleCount === schedules.length;
      setText(more, `and ${scheduleCount - schedules.length} more, which fire later`);
    },
  };
}

/** @param {(jobName: string) => string} hueOfJob the job's hue everywhere on the page */
function createSchedule(hueOfJob) {
  const dot = h('span', { class: 'dot' });
  const job = h('span', {});
  const name = h('strong', { class: 'schedule-name' });
  const expression = h('code', {});
  const zone = h('p', { class: 'meta' });
  const next = h('p', { class: 'next' });
  const scheduled = h('p', { class: 'meta' });
  const later = h('p', { class: 'meta' });
  const pill = h('span', { class: 'pill' });
  const last = h('p', { class: 'meta' });
  return {
    element: h(
      'li',
      {},
      h('div', {}, name, h('p', { class: 'meta' }, dot, ' ', job)),
      h('div', {}, expression, zone),
      h('div', {}, next, scheduled, later),
      h('div', { class: 'last' }, pill, last),
    ),
    /** @param {ConsoleSchedule} schedule */
    update(schedule) {
      const { nextFirings, lastFiring, timezone } = schedule;
      setText(name, schedule.name);
      name.title = `in group ${schedule.groupName}`;
      setText(job, schedule.jobName ?? 'no job');
      dot.hidden = schedule.jobName === null;
      dot.style.setProperty('--hue', hueOfJob(schedule.jobName ?? ''));
      setText(expression, schedule.expression);
      setText(zone, timezone);
      const [first, ...others] = nextFirings;
      const isPaused = schedule.state === 'DISABLED';
      setText(next, first ? until(first.atMs) : isPaused ? 'paused' : 'never again');
      setText(scheduled, first ? `for ${dateTime(first.scheduledAtMs, timezone)}` : '');
      const times = others.map(({ scheduledAtMs }, index) =>
        laterTime(scheduledAtMs, nextFirings[index]?.scheduledAtMs ?? 0, timezone),
      );
      setText(later, times.length > 0 ? `then ${times.join(', ')}` : '');
      pill.hidden = lastFiring === null;
      if (lastFiring === null) return setText(last, 'not fired yet');
      pill.dataset.state = looks[lastFiring.state];
      setText(pill, lastFiring.state);
      pill.title = lastFiring.error ?? '';
      setText(last, lastFiring.error ?? `${since(lastFiring.atMs)} ago, at ${timeOfDay(lastFiring.atMs)}`);
    },
  };
}

/** A firing's state looks like a state of an alarm. */
const looks = { firing: '', delivered: 'OK', retrying: '', dead: 'ALARM', cancelled: '' };

/** @param {ConsoleSchedule} schedule */
function keyOf({ groupName, name }) {
  return `${groupName}/${name}`;
}
