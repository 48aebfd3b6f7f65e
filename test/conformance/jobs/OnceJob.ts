import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { defineJob } from '../../../src/job/index.ts';
import { noteRun, probePermissions } from './probe/noteRun.ts';

/** Runs once for each order. */
export default defineJob({
  payload: z.object({ order: z.string(), lastsMs: z.optional(z.number()) }),
  timeout: '5s',
  idempotency: { key: ({ order }) => order, for: '1h' },
  permissions: probePermissions,

  async run({ order, lastsMs = 0 }, { attempt }) {
    await noteRun(order, attempt);
    await delay(lastsMs);
    return { order };
  },
});
