import { defineJob } from '../../../src/job/index.ts';
import { misbehaves, order, recordEffect } from './shared/order.ts';

/** Hangs past its deadline, beside others that end at once. */
export default defineJob({
  payload: order,
  timeout: '1s',
  batchSize: 10,
  maxAttempts: 3,
  maxConcurrency: 4,
  async run(given, { attempt, signal }) {
    if (misbehaves(given, attempt)) {
      await new Promise((_resolve, reject) => {
        if (given.act === 'hang') signal.addEventListener('abort', () => reject(signal.reason));
        // else it is deaf to the signal
      });
    }
    recordEffect(given, attempt);
  },
});
