import { svg } from './dom.js';

const SECONDS = 60;
const HEIGHT = 28;

/** A chart of the last minute: bars for messages published each second, a line for the backlog, each with its own scale. */
export function createSparkline() {
  const bars = svg('path', { class: 'bars' });
  const line = svg('path', { class: 'line' });
  const element = svg(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${SECONDS * 2} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    bars,
    line,
  );
  /** @type {number[]} */
  const rates = Array(SECONDS).fill(0);
  /** @type {number[]} */
  const backlogs = Array(SECONDS).fill(0);

  return {
    element,
    /** Adds a second. @param {number} published @param {number} backlog */
    push(published, backlog) {
      shiftIn(rates, published);
      shiftIn(backlogs, backlog);
      bars.setAttribute('d', barsPath(rates));
      line.setAttribute('d', linePath(backlogs));
    },
  };
}

/** @param {number[]} values @param {number} value */
function shiftIn(values, value) {
  values.push(value);
  values.shift();
}

/** @param {number[]} values */
function barsPath(values) {
  const scale = (HEIGHT - 2) / Math.max(1, ...values);
  return values
    .map((value, index) =>
      value === 0 ? '' : `M${index * 2 + 1} ${HEIGHT}v${-Math.max(2, value * scale).toFixed(1)}`,
    )
    .join('');
}

/** @param {number[]} values */
function linePath(values) {
  if (values.every((value) => value === 0)) return '';
  const scale = (HEIGHT - 4) / Math.max(1, ...values);
  const points = values.map((value, index) => `${index * 2 + 1} ${(HEIGHT - 1 - value * scale).toFixed(1)}`);
  return `M${points.join('L')}`;
}
