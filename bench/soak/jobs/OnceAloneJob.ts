import { defineJob } from '../../../src/job/index.ts';
import { misbehaves, order, recordEffect } from './shared/order.ts';

/**
 * An idempotent job whose process ends before its effect. One message a batch: a neighbour that had its effect, but
 * is not yet remembered, would have it again when the process ends, and rightly so.
 */
export default defineJob({
  payload: order,
  timeout: '5s',
  batchSize: 1,
  maxAttempts: 5,
  maxConcurrency: 2,
  idempotency: {},
  run(given, { attempt }) {
    if (misbehaves(given, attempt)) {
      if (given.act === 'exit') process.exit(3);
      process.kill(process.pid, 'SIGKILL');
    }
    recordEffect(given, attempt);
  },
});
