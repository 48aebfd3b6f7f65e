import * as z from 'zod/mini';
import { isInstant } from '../../src/schedule/instant.ts';

/** Why a letter is dead, as the runtime writes it (src/message/deadLetterReason.ts); what else stands there is kept. */
export type Reason = z.infer<typeof schema>;

/** Undefined for a text that is no reason of the runtime's: anybody can write that attribute. */
export function reasonOf(text: string): Reason | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const instant = z.string().check(z.refine(isInstant));
const text = z.optional(z.string());

const schema = z.looseObject({
  name: z.string(),
  message: z.string(),
  attempts: z.int(),
  lastFailureAt: instant,
  firstFailureAt: z.optional(instant),
  stack: text,
  requestId: text,
  logGroup: text,
  logStream: text,
  codeVersion: text,
});
