import { h, setText } from './dom.js';
import { count, duration, hueOf, plural, since } from './format.js';
import { createSparkline } from './sparkline.js';

/**
 * @typedef {import('../view.ts').ConsoleAlarm} ConsoleAlarm
 * @typedef {import('../view.ts').ConsoleJob} ConsoleJob
 * @typedef {import('../view.ts').ConsoleQueue} ConsoleQueue
 * @typedef {{ job: ConsoleJob, alarms: readonly ConsoleAlarm[] }} JobRowData
 * @typedef {{ queue: ConsoleQueue, alarms: readonly ConsoleAlarm[], unrouted: number }} QueueRowData
 * @typedef {{ publishTo(jobName: string): void, lookInto(queueName: string, title: string): void }} RowActions
 */

/**
 * The row of a job: published → queue → handler → dead letters → alarms.
 * @param {RowActions} actions
 */
export function createJobRow(actions) {
  /** @type {ConsoleJob | undefined} */
  let job;
  let publishedBefore = 0;
  const name = h('strong', { class: 'name' });
  const dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
  const publish = h('button', { type: 'button', class: 'quiet' }, 'Publish');
  publish.addEventListener('click', () => job && actions.publishTo(job.name));
  const spark = createSparkline();
  const published = createStage('Published', 'published', ['published']);
  const queue = createStage('Queue', 'queue', ['waiting', 'in flight', 'delayed'], () => {
    if (job) actions.lookInto(job.queueName, `${job.name}: messages in the queue`);
  });
  const handler = createStage('Handler', 'handler', ['acknowledged', 'to retry']);
  const dead = createStage('Dead letters', 'dead', ['dead'], () => {
    if (job?.deadLetterQueueName) actions.lookInto(job.deadLetterQueueName, `${job.name}: dead letters`);
  });
  const alarm = createAlarmStage();
  const head = h(
    'div',
    { class: 'who' },
    h('div', { class: 'who-line' }, dot, name),
    h('div', { class: 'who-line' }, spark.element, publish),
  );
  const stages = [published, queue, handler, dead, alarm];
  handler.element.title = 'Acknowledged: done, or moved to the dead letters with a reason';
  const element = h('li', { class: 'row' }, head, ...stages.map((stage) => stage.element));

  return {
    element,
    /** @param {JobRowData} data */
    update({ job: now, alarms }) {
      publishedBefore = job?.name === now.name ? publishedBefore : now.published;
      job = now;
      setText(name, now.name);
      dot.style.setProperty('--hue', hueOf(now.functionName ?? now.name));
      publish.setAttribute('aria-label', `Publish to ${now.name}`);
      published.show([now.published]);
      queue.show([now.visible, now.inFlight, now.delayed], waitingText(now));
      handler.show([now.runs.acknowledged, now.runs.failed], runsText(now));
      dead.show([now.dead]);
      dead.element.classList.toggle('bad', now.dead > 0);
      alarm.show(alarms.filter(({ queueName }) => queueName === now.queueName));
    },
    tick() {
      if (!job) return;
      spark.push(job.published - publishedBefore, job.visible + job.inFlight + job.delayed);
      publishedBefore = job.published;
    },
  };
}

/**
 * The row of a queue that belongs to no job: a person has to look at its messages.
 * @param {RowActions} actions
 */
export function createQueueRow(actions) {
  let name = '';
  const title = h('strong', { class: 'name' });
  const why = h('p', { class: 'why' });
  const queue = createStage('Queue', 'net', ['waiting', 'in flight', 'delayed'], () =>
    actions.lookInto(name, `Messages in ${name}`),
  );
  const published = createStage('Published', 'published', ['published']);
  const note = h('p', { class: 'note' });
  const alarm = createAlarmStage();
  const gap = h('div', { class: 'gap' });
  const element = h(
    'li',
    { class: 'row net-row' },
    h('div', { class: 'who' }, title, why),
    gap,
    queue.element,
    note,
    alarm.element,
  );

  return {
    element,
    /** @param {QueueRowData} data */
    update({ queue: now, alarms, unrouted }) {
      name = now.queueName;
      const role = roleOf(name);
      setText(title, role.title);
      setText(why, role.why);
      title.title = name;
      const messages = now.visible + now.inFlight + now.delayed;
      queue.show([now.visible, now.inFlight, now.delayed], waitingText(now));
      queue.element.classList.toggle('warn', messages > 0);
      if (role.isUnrouted && gap.firstChild === null) gap.append(published.element);
      published.show([unrouted]);
      setText(note, messages > 0 ? role.todo : role.calm);
      alarm.show(alarms.filter(({ queueName }) => queueName === name));
    },
  };
}

/**
 * A stage with its numbers. With `look` it has a button, which is shown while a number is not 0.
 * @param {string} title
 * @param {string} kind
 * @param {string[]} captions
 * @param {() => void} [look]
 */
function createStage(title, kind, captions, look) {
  const numbers = captions.map(() => h('span', { class: 'number' }, '0'));
  const pairs = captions.map((caption, index) =>
    h('div', { class: 'pair' }, numbers[index], ' ', h('span', { class: 'caption' }, caption)),
  );
  const note = h('p', { class: 'stage-note' });
  const button = look && h('button', { type: 'button', class: 'quiet look', hidden: true }, 'Look');
  if (look) button?.addEventListener('click', look);
  const element = h(
    'div',
    { class: `stage ${kind}` },
    h('h3', { class: 'stage-name' }, title),
    h('div', { class: 'pairs' }, ...pairs),
    h('div', { class: 'stage-foot' }, note, button),
  );
  let before = '';
  element.addEventListener('animationend', () => element.classList.remove('pulse'));

  return {
    element,
    /** @param {number[]} values @param {string} [text] */
    show(values, text = '') {
      values.forEach((value, index) => {
        const number = numbers[index];
        if (!number) return;
        setText(number, count(value));
        number.classList.toggle('zero', value === 0);
      });
      setText(note, text);
      if (button) {
        button.hidden = values.every((value) => value === 0);
        button.setAttribute('aria-label', `Look at the messages: ${title}`);
      }
      const now = values.join();
      if (before !== '' && now !== before) element.classList.add('pulse');
      before = now;
    },
  };
}

function createAlarmStage() {
  const pill = h('a', { class: 'pill', href: '#alarms' });
  const note = h('p', { class: 'stage-note' });
  const element = h(
    'div',
    { class: 'stage alarm' },
    h('h3', { class: 'stage-name' }, 'Alarms'),
    h('div', { class: 'pairs' }, pill),
    note,
  );
  return {
    element,
    /** @param {readonly ConsoleAlarm[]} alarms */
    show(alarms) {
      const up = alarms.filter(({ state }) => state === 'ALARM').length;
      const unknown = alarms.some(({ state }) => state === 'INSUFFICIENT_DATA');
      const state = up > 0 ? 'ALARM' : unknown ? 'INSUFFICIENT_DATA' : 'OK';
      pill.hidden = alarms.length === 0;
      pill.dataset.state = state;
      setText(pill, state === 'INSUFFICIENT_DATA' ? 'No data' : state);
      pill.title = alarms.map((alarm) => `${alarm.name}: ${alarm.state}`).join('\n');
      setText(note, up > 0 ? `${up} of ${alarms.length} up` : plural(alarms.length, 'alarm'));
      element.classList.toggle('bad', up > 0);
    },
  };
}

/** @param {ConsoleQueue} queue */
function waitingText({ oldestSentAtMs }) {
  const isWorthSaying = oldestSentAtMs !== null && Date.now() - oldestSentAtMs > 5_000;
  return isWorthSaying ? `oldest ${since(oldestSentAtMs)}` : '';
}

/** @param {ConsoleJob} job */
function runsText({ runs, functionName, isService }) {
  if (isService) return 'worker processes';
  if (functionName === null) return 'no function';
  if (runs.brokenInvocations > 0)
    return plural(runs.brokenInvocations, 'invocation broke', 'invocations broke');
  return runs.lastDurationMs === null ? 'not run yet' : `last batch ${duration(runs.lastDurationMs)}`;
}

/** @param {string} queueName */
function roleOf(queueName) {
  if (queueName.endsWith('unrouted')) {
    return {
      title: 'Unrouted',
      why: 'no job has that name',
      calm: 'Empty: every message found its job.',
      todo: 'Add the job or mend the publisher, then send them again: npm run jobs -- dlq redrive unrouted --all',
      isUnrouted: true,
    };
  }
  if (queueName.endsWith('undelivered')) {
    return {
      title: 'Undelivered',
      why: 'SNS or Scheduler could not deliver',
      calm: 'Empty: every delivery arrived.',
      todo: 'A queue is gone, or does not let SNS in: look at ErrorMessage or ERROR_MESSAGE.',
      isUnrouted: false,
    };
  }
  return { title: queueName, why: 'belongs to no job', calm: '', todo: '', isUnrouted: false };
}
