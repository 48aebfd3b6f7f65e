import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob } from '../../../src/job/index.ts';
import { misbehaves, order, recordEffect } from './shared/order.ts';

/** An idempotent job, in batches. */
export default defineJob({
  payload: order,
  timeout: '5s',
  batchSize: 10,
  maxAttempts: 5,
  maxConcurrency: 2,
  idempotency: {},
  async run(given, { attempt }) {
    if (given.act === 'take long') await sleep(150);
    else if (misbehaves(given, attempt)) throw new Error(`job ${given.index} throws before its effect`);
    recordEffect(given, attempt);
    if (given.act === 'take long') await sleep(150);
  },
});
