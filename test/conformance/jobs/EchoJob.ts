import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { defineJob, NonRetryableError } from '../../../src/job/index.ts';
import { noteRun, probePermissions } from './probe/noteRun.ts';

/** Notes each run, and ends it as the payload says. */
export default defineJob({
  payload: z.object({
    id: z.string(),
    end: z.optional(z.enum(['succeed', 'fail', 'fail once', 'give up'])),
    lastsMs: z.optional(z.number()),
  }),
  timeout: '5s',
  batchSize: 10,
  maxAttempts: 2,
  retryDelay: '3s',
  alarmAfter: '1m',
  permissions: probePermissions,

  async run({ id, end, lastsMs = 0 }, { attempt }) {
    await noteRun(id, attempt);
    await delay(lastsMs);
    if (end === 'give up') throw new NonRetryableError(`${id} is beyond repair`);
    if (end === 'fail' || (end === 'fail once' && attempt === 1)) throw new TypeError(`${id} failed`);
  },
});
