import { h, keyedList, setText } from './dom.js';

/**
 * The panel of what does not run as on AWS, and of what was accepted without effect.
 * @typedef {import('../../aws/resources/resourceType.ts').Problem} Problem
 * @param {Element} panel
 */
export function createProblems(panel) {
  const list = h('ul', { class: 'problems' });
  const none = h('p', { class: 'empty' }, 'Every resource of the template runs here.');
  const left = h('p', {});
  const details = h('details', { class: 'left-out' }, h('summary', {}, 'Accepted without effect'), left);
  panel.append(list, none, details);
  const keyOf = (/** @type {Problem} */ problem) => JSON.stringify(problem);
  const show = keyedList(list, keyOf, createProblem);
  return {
    /** @param {readonly Problem[]} problems @param {readonly string[]} notEvaluated */
    update(problems, notEvaluated) {
      show([...new Map(problems.map((problem) => [keyOf(problem), problem])).values()]);
      none.hidden = problems.length > 0;
      details.hidden = notEvaluated.length === 0;
      setText(left, notEvaluated.join(', '));
    },
  };
}

/** @param {Problem} problem */
function createProblem({ path, type, property, why }) {
  const element = h(
    'li',
    {},
    h('strong', {}, path),
    ' ',
    h('code', {}, property === undefined ? type : `${type} ${property}`),
    h('p', {}, why),
  );
  return { element, update() {} };
}
