import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob } from '../../../src/job/index.ts';
import { misbehaves, order, recordEffect } from './shared/order.ts';

/** Ends its process, and so its batch: neighbours that had their effect may have it again. */
export default defineJob({
  payload: order,
  timeout: '2s',
  batchSize: 10,
  maxAttempts: 3,
  maxConcurrency: 3,
  memory: 128,
  async run(given, { attempt }) {
    if (given.act === 'floating rejection') {
      // The job itself succeeds: nobody waits for what it started.
      void Promise.reject(new Error('nobody caught this'));
    } else if (misbehaves(given, attempt)) {
      await sleep(20); // so that the neighbours' effects always come first
      crash(given.act);
    }
    recordEffect(given, attempt);
  },
});

function crash(act: string): void {
  switch (act) {
    case 'exit':
      process.exit(3);
      break;
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      break;
    case 'block':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    case 'exhaust memory':
      for (const hoard: unknown[] = []; ; ) hoard.push(new Array(100_000).fill(hoard.length));
  }
}
