import * as z from 'zod/mini';
import { defineJob } from '../../../src/job/index.ts';
import { noteRun, probePermissions } from './probe/noteRun.ts';

/** A second job beside EchoJob. */
export default defineJob({
  payload: z.object({ id: z.string() }),
  permissions: probePermissions,

  async run({ id }, { attempt, jobName }) {
    await noteRun(`${jobName}:${id}`, attempt);
  },
});
