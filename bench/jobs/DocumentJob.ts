import * as z from 'zod/mini';
import { defineJob } from '../../src/job/index.ts';

/** A tracked job with uploads, for what the API has to know of one. */
export default defineJob({
  payload: z.strictObject({
    upload: z.string().check(z.minLength(1), z.maxLength(1024)),
    title: z.optional(z.string().check(z.trim(), z.minLength(1), z.maxLength(200))),
  }),
  uploads: { contentTypes: ['text/plain', 'text/csv'], maxBytes: 10 * 1024 * 1024 },
  track: true,
  maxAttempts: 3,

  run() {},
});
