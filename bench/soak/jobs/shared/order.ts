import { appendFileSync } from 'node:fs';
import * as z from 'zod/mini';

/** What a soak job is told to do. */
export const order = z.object({
  /** The job's number, by which its effects are counted. */
  index: z.number(),
  act: z.string(),
  /** The attempt from which it succeeds; absent when it never does. */
  untilAttempt: z.optional(z.number()),
  /** The file where effects are recorded. */
  ledger: z.string(),
});

type Order = z.infer<typeof order>;

/** Whether this attempt is one that misbehaves. */
export function misbehaves({ act, untilAttempt }: Order, attempt: number): boolean {
  return act !== 'succeed' && (untilAttempt === undefined || attempt < untilAttempt);
}

/**
 * The job's effect. When this returns it is in the file, even if the process ends then. Lines that several processes append do
 * not mix, so the number of lines is the number of effects.
 */
export function recordEffect({ index, ledger }: Order, attempt: number): void {
  appendFileSync(ledger, `${index} ${attempt}\n`);
}
