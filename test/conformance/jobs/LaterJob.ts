import * as z from 'zod/mini';
import { defineJob } from '../../../src/job/index.ts';
import { noteRun, probePermissions } from './probe/noteRun.ts';

/** Comes by itself, once a day. */
export default defineJob({
  payload: z.object({ id: z.string() }),
  schedule: { expression: 'rate(1 day)', payload: { id: 'daily' } },
  permissions: probePermissions,

  async run({ id }, { attempt }) {
    await noteRun(id, attempt);
  },
});
