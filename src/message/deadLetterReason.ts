import { type Letter, letterOf } from './letter.ts';
import type { JobMessage } from './received.ts';

/** Why a message is a dead letter, packed into one message attribute: SQS allows ten. */
export interface DeadLetterReason extends Origin {
  /** The error's class, such as `TypeError`; `Error` for a thrown value that is not an error. */
  readonly name: string;
  /** Cut after 1,000 characters. */
  readonly message: string;
  /** The innermost frames, and those of its causes; cut. */
  readonly stack?: string | undefined;
  /** How often the message was delivered to be run, this time included; an attempt that crashed counts. */
  readonly attempts: number;
  readonly jobName: string;
  readonly jobId: string;
  /**
   * ISO instants; the first is when the first attempt was delivered (of the copy, where it waited as one for its twin).
   */
  readonly firstFailureAt: string;
  readonly lastFailureAt: string;
}

/** Where a message was run: what leads from a dead letter to its logs. */
export interface Origin {
  readonly requestId?: string | undefined;
  readonly logGroup?: string | undefined;
  readonly logStream?: string | undefined;
  readonly codeVersion?: string | undefined;
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

/** Why a letter is dead, as it stands there. What else is in it is kept. */
export type ReadReason = Partial<DeadLetterReason> &
  Pick<DeadLetterReason, 'name' | 'message' | 'attempts' | 'lastFailureAt'>;

/** How a dead letter came into its queue, by its system attributes. */
interface Arrival {
  /** `SentTimestamp`, epoch ms; a move by SQS's redrive policy keeps the first one. */
  readonly sentAtMs: number;
  /** `ApproximateReceiveCount`; such a move keeps it, too. */
  readonly receiveCount: number;
  /**
   * `DeadLetterQueueSourceArn`, the queue whose redrive policy moved it; undefined where it was sent to the dead
   * letters.
   */
  readonly sourceArn: string | undefined;
}

export interface Death {
  /** `missing`: SQS's own redrive policy moved it. `malformed`: the attribute is not the runtime's. */
  readonly reason: ReadReason | 'missing' | 'malformed';
  /**
   * Why it was dead before: it was redriven with that reason, and SQS's redrive policy moved it here without a new one.
   */
  readonly olderReason?: ReadReason;
}

/**
 * Why a letter is dead, by the text of its attribute and the way it came. Never throws: anybody can write the
 * attribute.
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

/** An ISO instant in UTC, to the second or finer. JavaScript takes the 30th of February for the 2nd of March. */
function isInstant(value: unknown): boolean {
  if (typeof value !== 'string' || !value.endsWith('Z')) return false;
  const ms = Date.parse(value);
  return (
    !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value.slice(0, 'yyyy-mm-ddThh:mm:ss'.length))
  );
}

/**
 * Whether a dead letter's reason is that of an earlier death. What the runtime sends to the dead letters is sent at its
 * death, and received by nobody yet. A move of the whole queue back to the job makes a new message with the same reason;
 * where that one dies without an outcome, the redrive policy moves it as it is, with its receives.
 */
function isOlder({ lastFailureAt }: ReadReason, { sentAtMs, receiveCount, sourceArn }: Arrival): boolean {
  if (sourceArn !== undefined) return true;
  return receiveCount > fewestMovedReceives && sentAtMs > Date.parse(lastFailureAt) + clocksApartMs;
}

/** With maxAttempts 1 the third receive moves it. */
const fewestMovedReceives = 3;

/** How far the runtime's clock may be behind SQS's, and how long its send may take. */
const clocksApartMs = 10_000;
