import { type Letter, letterOf } from './letter.ts';
import type { JobMessage } from './received.ts';

/** Why a message is a dead letter, packed into one message attribute: SQS allows ten. */
export interface DeadLetterReason extends Origin {
  /** The error's class, such as `TypeError`; `Error` for a thrown value that is not an error. */
  readonly name: string;
  /** The error's message, cut after 1,000 characters. */
  readonly message: string;
  /** The innermost frames of the error and of its causes, cut after 3,000 characters. */
  readonly stack?: string | undefined;
  /** How many attempts there were, the last one included. An attempt that crashed counts. */
  readonly attempts: number;
  readonly jobName: string;
  readonly jobId: string;
  /**
   * An ISO instant: when the first attempt was delivered. Where the message waited as a copy for another with its key,
   * it is the copy's first attempt.
   */
  readonly firstFailureAt: string;
  /** An ISO instant: when the last attempt failed. */
  readonly lastFailureAt: string;
}

/** Where a message was run. It leads from a dead letter to its logs. */
export interface Origin {
  readonly requestId?: string | undefined;
  readonly logGroup?: string | undefined;
  readonly logStream?: string | undefined;
  readonly codeVersion?: string | undefined;
}

/** The name of the message attribute that holds the reason, as JSON. */
export const reasonAttribute = 'deadLetterReason';

/**
 * The message as a dead letter: its body unchanged, with the reason as an attribute. An older reason, of before a
 * redrive, is replaced.
 * @throws {RangeError} when the message has no room for one more attribute. The queue's redrive policy then moves it,
 *   without a reason
 */
export function deadLetter(message: JobMessage, reason: DeadLetterReason): Letter {
  return letterOf(message, reasonAttribute, packed(reason));
}

/** The reason as JSON. SQS refuses U+FFFE and U+FFFF, so the replacement character takes their place. */
function packed(reason: DeadLetterReason): string {
  return JSON.stringify(reason).replace(/[\uFFFE\uFFFF]/g, '\uFFFD');
}

/** A reason as it was read from a letter. Anybody can have written it, so most parts may be missing. */
export type ReadReason = Partial<DeadLetterReason> &
  Pick<DeadLetterReason, 'name' | 'message' | 'attempts' | 'lastFailureAt'>;

/** How a dead letter came into its queue, by its system attributes. */
interface Arrival {
  /** `SentTimestamp`, in epoch ms. A move by SQS's redrive policy keeps it. */
  readonly sentAtMs: number;
  /** `ApproximateReceiveCount`. A move by SQS's redrive policy keeps it, too. */
  readonly receiveCount: number;
  /** `DeadLetterQueueSourceArn`: the queue whose redrive policy moved the letter. Undefined where the runtime sent it. */
  readonly sourceArn: string | undefined;
}

/** Why a letter is dead. */
export interface Death {
  /** `missing`: SQS's redrive policy moved the letter. `malformed`: the attribute was not written by the runtime. */
  readonly reason: ReadReason | 'missing' | 'malformed';
  /**
   * Why the message was dead before. It was redriven with that reason, and SQS's
   * redrive policy moved it without a new one.
   */
  readonly olderReason?: ReadReason;
}

/**
 * Reads why a letter is dead, from its attribute's text and how it came. Never
 * throws, because anybody can write the attribute.
 */
export function readReason(text: string | undefined, arrival: Arrival): Death {
  if (text === undefined) return { reason: 'missing' };
  const reason = parsedReason(text);
  if (reason === undefined) return { reason: 'malformed' };
  return isOlder(reason, arrival) ? { reason: 'missing', olderReason: reason } : { reason };
}

function parsedReason(text: string): ReadReason | undefined {
  try {
    const reason: unknown = JSON.parse(text);
    return isReason(reason) ? reason : undefined;
  } catch {
    return undefined;
  }
}

function isReason(value: unknown): value is ReadReason {
  const { name, message, attempts, lastFailureAt, firstFailureAt, ...rest } = Object(value) as Record<
    keyof DeadLetterReason,
    unknown
  >;
  const { stack, requestId, logGroup, logStream, codeVersion } = rest;
  return (
    [name, message].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(attempts) &&
    isInstant(lastFailureAt) &&
    (firstFailureAt === undefined || isInstant(firstFailureAt)) &&
    [stack, requestId, logGroup, logStream, codeVersion].every((text) =>
      /^(string|undefined)$/.test(typeof text),
    )
  );
}

/**
 * Whether a value is an ISO instant in UTC. JavaScript takes the 30th of February
 * for the 2nd of March, which is checked.
 */
function isInstant(value: unknown): boolean {
  if (typeof value !== 'string' || !value.endsWith('Z')) return false;
  const ms = Date.parse(value);
  return (
    !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value.slice(0, 'yyyy-mm-ddThh:mm:ss'.length))
  );
}

/**
 * Whether a dead letter's reason is of an earlier death. A letter that the runtime sends is sent right after its reason
 * was made, and nobody has received it. When SQS moves a whole queue back to the job, the new messages keep their old
 * reasons. One of them that crashes is then moved by the redrive policy, with its old reason and its receive count.
 */
function isOlder({ lastFailureAt }: ReadReason, { sentAtMs, receiveCount, sourceArn }: Arrival): boolean {
  if (sourceArn !== undefined) return true;
  return receiveCount > fewestMovedReceives && sentAtMs > Date.parse(lastFailureAt) + clocksApartMs;
}

/** The fewest receives after which a redrive policy moves a message: with `maxAttempts` 1 the third one does. */
const fewestMovedReceives = 3;

/** By how much the runtime's clock may be behind SQS's, together with the time that its send takes. */
const clocksApartMs = 10_000;
