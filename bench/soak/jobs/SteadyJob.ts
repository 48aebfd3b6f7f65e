import { defineJob, NonRetryableError, RetryAfter } from '../../../src/job/index.ts';
import { misbehaves, order, recordEffect } from './shared/order.ts';

/** Fails in every way that is quick and leaves its process alive. */
export default defineJob({
  payload: order,
  timeout: '3s',
  batchSize: 10,
  maxAttempts: 4,
  retryDelay: { initial: '5s', factor: 2, max: '1m' },
  maxConcurrency: 3,
  run(given, { attempt }) {
    if (misbehaves(given, attempt)) {
      if (given.act === 'throw') throw new TypeError(`job ${given.index} throws`);
      if (given.act === 'retry later') throw new RetryAfter('20s');
      throw new NonRetryableError(`job ${given.index} is not to be tried again`);
    }
    recordEffect(given, attempt);
  },
});
