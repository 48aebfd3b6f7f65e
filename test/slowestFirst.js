import TestSequencer from '@jest/test-sequencer';

/** Small files that take long. On a fresh clone jest knows no durations yet, and would begin with the largest ones. */
const slow = [
  'src/worker/process',
  'soak/soak',
  'src/jobs/makeItYours',
  'src/jobs/documentPath',
  'pages/pages',
  'src/worker/sameOutcomes',
  'lib/platform/app',
  'soak/killed',
  'local/platform/fargate',
  'local/platform/killedTrackedJob',
];

/** Begins with what takes longest, so that no worker is left alone with it at the end. */
export default class SlowestFirst extends TestSequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => rank(one) - rank(other));
  }
}

function rank({ path }) {
  const index = slow.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return index === -1 ? slow.length : index;
}
