import * as z from 'zod/mini';
import { defineJob } from '../job/index.ts';

export default defineJob({
  payload: z.object({ friendName: z.string(), shouldFail: z.optional(z.boolean()) }),

  run({ friendName, shouldFail }, { log }) {
    if (shouldFail) throw new Error(`${friendName} was not in a mood to be greeted`);
    log.info(`${greetingAt(new Date())} ${friendName}!`);
  },
});

/** The greeting for the time of day, in UTC. */
function greetingAt(now: Date): string {
  const hour = now.getUTCHours();
  if (hour >= 5 && hour < 12) return 'Good morning';
  if (hour >= 12 && hour < 18) return 'Good afternoon';
  if (hour >= 18 && hour < 22) return 'Good evening';
  return 'Good night';
}
