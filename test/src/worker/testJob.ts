import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob } from '../../../src/job/index.ts';

/** What a message asks of the job. */
export interface Task {
  /** How long the run takes. */
  readonly ms?: number;
  /** Does not listen to `signal`. */
  readonly isDeaf?: boolean;
  /** Takes no time from the second attempt on. */
  readonly isOnlySlowAtFirst?: boolean;
}

/** A job that says what it does in its log; the line `effect` stands for what the world would see of it. */
export const testJob = defineJob({
  timeout: '30s',
  maxAttempts: 5,
  retryDelay: '0s',
  async run(payload, { attempt, log, signal }) {
    const { ms = 0, isDeaf = false, isOnlySlowAtFirst = false } = payload as Task;
    log.info('started');
    signal.addEventListener('abort', () => log.info('aborted', { reason: (signal.reason as Error).name }));
    await sleep(isOnlySlowAtFirst && attempt > 1 ? 0 : ms, undefined, isDeaf ? {} : { signal });
    log.info('effect');
  },
});
