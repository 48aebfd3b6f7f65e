import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { defineJob, NonRetryableError, RetryAfter } from '../../../src/job/index.ts';

/** A job that ends in every way a job can. */
export default defineJob({
  payload: z.object({
    act: z.enum(['succeed', 'throw', 'throw once', 'give up', 'come later', 'hang', 'be deaf']),
    note: z._default(z.string(), 'none'),
  }),
  timeout: '1s',
  maxAttempts: 2,
  retryDelay: '0s',
  async run({ act, note }, { attempt, log, signal }) {
    log.info('run', { note });
    if (act === 'throw' || (act === 'throw once' && attempt === 1)) throw new TypeError(`${act}: ${note}`);
    if (act === 'give up') throw new NonRetryableError('pointless');
    if (act === 'come later' && attempt === 1) throw new RetryAfter('1s');
    if (act === 'hang') await sleep(60_000, undefined, { signal });
    if (act === 'be deaf') await sleep(3_000);
    log.info('effect');
  },
});
