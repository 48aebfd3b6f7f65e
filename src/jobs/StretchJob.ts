import * as z from 'zod/mini';
import { defineJob } from '../job/index.ts';

/** EventBridge Scheduler publishes this job every five minutes. */
export default defineJob({
  payload: z.object({ stretch: z.string() }),
  schedule: { expression: 'rate(5 minutes)', payload: { stretch: 'roll your shoulders' } },

  run({ stretch }, { log }) {
    log.info(`Time to stretch: ${stretch}!`);
  },
});
