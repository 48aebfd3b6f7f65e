import * as z from 'zod/mini';
import { defineJob } from '../../src/job/index.ts';

export default defineJob({
  payload: z.object({
    pushupsRequired: z.int().check(z.gte(0), z.lte(10_000)),
    shouldFail: z.optional(z.boolean()),
  }),
  maxAttempts: 3,
  alarmAfter: '10m',

  run({ pushupsRequired, shouldFail }, { log, attempt }) {
    if (shouldFail) throw new Error(`collapsed before push-up ${pushupsRequired} of ${pushupsRequired}`);
    log.info(`did ${pushupsRequired} push-ups`, { attempt });
  },
});
