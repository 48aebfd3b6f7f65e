import type { Origin } from '../runtime/batch.ts';
import { type Letter, letterOf } from './letter.ts';
import type { JobMessage } from './received.ts';

/** Why a message is a dead letter, packed into one message attribute: SQS allows ten. */
export interface DeadLetterReason extends Origin {
  /** The error's class, such as `TypeError`; `Error` for what is none. */
  readonly name: string;
  /** Cut after 1,000 characters. */
  readonly message: string;
  /** The innermost frames, and those of its causes; cut. */
  readonly stack?: string | undefined;
  /** How often the message was delivered to be run, this time included; an attempt that crashed counts. */
  readonly attempts: number;
  readonly jobName: string;
  readonly jobId: string;
  /** ISO instants; the first is when the first attempt was delivered (of the copy, where it waited as one for its twin). */
  readonly firstFailureAt: string;
  readonly lastFailureAt: string;
}

/** The name of the message attribute that holds the reason, as JSON. */
export const reasonAttribute = 'deadLetterReason';

/**
 * The message, its body unchanged, with its reason; an older reason (after a redrive) is overwritten.
 * @throws {RangeError} when it has no room for one more attribute: then the queue's redrive policy moves it, without one
 */
export function deadLetter(message: JobMessage, reason: DeadLetterReason): Letter {
  return letterOf(message, reasonAttribute, packed(reason));
}

/** JSON leaves U+FFFE and U+FFFF as they are, and SQS refuses them: the replacement character stands for both. */
function packed(reason: DeadLetterReason): string {
  return JSON.stringify(reason).replace(/[\uFFFE\uFFFF]/g, '\uFFFD');
}
