import { defineJob } from '../../../src/job/index.ts';
import { misbehaves, order, recordEffect } from './shared/order.ts';

/**
 * An idempotent job whose process ends before its effect. A batch has one message, because the end of the process would give
 * a neighbour, whose effect is not remembered yet, a second effect.
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
