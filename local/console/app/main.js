import { createAlarms } from './alarms.js';
import { createBoard } from './board.js';
import { connect } from './connection.js';
import { byId, setText } from './dom.js';
import { plural } from './format.js';
import { Log } from './log.js';
import { createMailbox } from './mailbox.js';
import { createProblems } from './problems.js';
import { PublishForm } from './publishForm.js';
import { openQueue } from './queueDialog.js';
import { createSchedules } from './schedules.js';

const form = new PublishForm(panel('publish'));
const board = createBoard(byId('board'), {
  publishTo: (jobName) => form.open(jobName),
  lookInto: (queueName, title) =>
    openQueue(queueName, title, (jobName, payload) => form.open(jobName, payload)),
});
const alarms = createAlarms(panel('alarms'));
const mailbox = createMailbox(panel('mail'));
const problems = createProblems(panel('problems'));
const schedules = createSchedules(panel('schedules'));
const log = new Log(byId('log-tools'), byId('log'));

/** @type {import('../view.ts').ConsoleView | undefined} */
let last;

connect({
  onState: showConnection,
  onView: (view) => {
    last = view;
    show(view);
  },
  onLines: (lines, skipped, isFirst) => log.add(lines, skipped, isFirst),
});
setInterval(() => {
  if (last) show(last); // Ages grow without an update.
  board.tick();
}, 1_000);
byId('endpoint').addEventListener('click', () => void copyEndpoint());

/** @param {import('../view.ts').ConsoleView} view */
function show(view) {
  const jobNames = view.jobs.map(({ name }) => name);
  setText(byId('endpoint'), view.endpoint);
  setText(byId('api'), view.apiUrl ?? 'none');
  setText(byId('region'), view.region);
  setText(byId('speed'), view.speed === 1 ? 'as it is' : `${view.speed} × as fast`);
  byId('speed').title =
    'Delays, schedules, visibility timeouts, retention and alarms; never a function’s timeout';
  log.setJobs(view.jobs);
  board.update(view);
  form.setJobs(jobNames);
  alarms.update(view.alarms);
  schedules.update(view);
  mailbox.update(view.mails);
  problems.update(view.problems, view.notEvaluated);
  const up = view.alarms.filter(({ state }) => state === 'ALARM').length;
  document.title = up > 0 ? `(${up}) ${plural(up, 'alarm')} · Jobs console` : 'Jobs console';
}

/** @param {import('./connection.js').ConnectionState} state */
function showConnection(state) {
  const status = byId('connection');
  status.dataset.state = state;
  setText(status, { live: 'Live', lost: 'Connecting again…', stopped: 'Stopped' }[state]);
  document.body.classList.toggle('stale', state !== 'live');
  const banner = byId('banner');
  banner.hidden = state === 'live';
  const what = state === 'stopped' ? 'The platform has stopped.' : 'The platform does not answer.';
  setText(
    banner,
    state === 'live'
      ? ''
      : `${what} What you see is how it was. Once npm start runs, this page goes on by itself.`,
  );
}

async function copyEndpoint() {
  const button = byId('endpoint');
  await navigator.clipboard.writeText(last?.endpoint ?? '').catch(() => undefined);
  button.classList.add('copied');
  setTimeout(() => button.classList.remove('copied'), 1_200);
}

/** @param {string} name */
function panel(name) {
  const element = document.querySelector(`.${name}-panel`);
  if (!element) throw new Error(`The page has no .${name}-panel`);
  return element;
}
