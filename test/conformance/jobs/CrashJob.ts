import * as z from 'zod/mini';
import { defineJob } from '../../../src/job/index.ts';
import { noteRun, probePermissions } from './probe/noteRun.ts';

/** Ends its process in the middle of its only attempt. */
export default defineJob({
  payload: z.object({ id: z.string() }),
  timeout: '1s',
  maxAttempts: 1,
  permissions: probePermissions,

  async run({ id }, { attempt }) {
    await noteRun(id, attempt);
    process.exit(1);
  },
});
