import { createJobRow, createQueueRow } from './boardRow.js';
import { h, keyedList, setText } from './dom.js';
import { count, plural } from './format.js';

/**
 * The board: a row for each job and, below, for each queue that takes the messages that no job gets. The columns are the
 * stages that a message goes through.
 * @typedef {import('../view.ts').ConsoleView} ConsoleView
 * @typedef {import('./boardRow.js').RowActions} RowActions
 * @param {Element} container
 * @param {RowActions} actions
 */
export function createBoard(container, actions) {
  const topicName = h('strong', {}, '…');
  const topicCount = h('span', { class: 'number' }, '0');
  const topicLost = h('span', { class: 'topic-lost' });
  const jobs = h('ul', { class: 'rows', 'aria-label': 'Jobs' });
  const nets = h('ul', { class: 'rows nets', 'aria-label': 'Queues that catch what no job takes' });
  const empty = h('p', { class: 'empty' });
  container.append(
    topicBox(topicName, topicCount, topicLost),
    h('div', { class: 'flow' }, columnHeads(), jobs, nets),
    empty,
  );
  /** @type {Map<string, ReturnType<typeof createJobRow>>} */
  const rows = new Map();
  const showJobs = keyedList(jobs, ({ job }) => job.name, remembered);
  const showNets = keyedList(
    nets,
    ({ queue }) => queue.queueName,
    () => createQueueRow(actions),
  );

  return {
    /** @param {ConsoleView} view */
    update(view) {
      setText(topicName, view.topicArn?.split(':').at(-1) ?? 'none');
      setText(topicCount, count(view.published));
      setText(topicLost, lostText(view));
      const { alarms } = view;
      showJobs(view.jobs.map((job) => ({ job, alarms })));
      const nets = [...view.otherQueues].sort((a, b) => netRank(a) - netRank(b));
      showNets(nets.map((queue) => ({ queue, alarms, unrouted: view.unrouted })));
      for (const name of rows.keys()) if (!view.jobs.some((job) => job.name === name)) rows.delete(name);
      setText(empty, emptyText(view));
    },
    /** Called once a second. */
    tick() {
      for (const row of rows.values()) row.tick();
    },
  };

  /** @param {import('./boardRow.js').JobRowData} data */
  function remembered(data) {
    const row = createJobRow(actions);
    rows.set(data.job.name, row);
    return row;
  }
}

/** @param {ConsoleView} view */
function lostText({ withoutAttributes }) {
  if (withoutAttributes === 0) return '';
  return `${count(withoutAttributes)} without any attribute: no queue gets ${withoutAttributes === 1 ? 'it' : 'them'}`;
}

/** @param {Element} name @param {Element} number @param {Element} lost */
function topicBox(name, number, lost) {
  return h(
    'div',
    { class: 'topic' },
    h('span', { class: 'kind' }, 'SNS topic'),
    name,
    h('span', { class: 'topic-count' }, number, ' published'),
    lost,
    h('span', { class: 'topic-how' }, 'routes each message by its attribute ', h('code', {}, 'jobName')),
  );
}

function columnHeads() {
  const heads = ['Job', 'Published', 'Queue', 'Handler', 'Dead letters', 'Alarms'];
  return h('div', { class: 'heads', 'aria-hidden': 'true' }, ...heads.map((text) => h('span', {}, text)));
}

/** Sorts queues in the order in which a message may end there: routing, then delivery, then other queues. */
function netRank(/** @type {import('../view.ts').ConsoleQueue} */ { queueName }) {
  if (queueName.endsWith('unrouted')) return 0;
  return queueName.endsWith('undelivered') ? 1 : 2;
}

/** @param {ConsoleView} view */
function emptyText({ jobs, published }) {
  if (jobs.length === 0) return 'The template has no jobs yet: add a file to src/jobs and it appears here.';
  if (published > 0) return '';
  return `Nothing published yet: try the form. ${plural(jobs.length, 'job waits', 'jobs wait')} for messages.`;
}
