import { lastPart } from '../../src/names.ts';
import { type Bar, startBar } from '../bar.ts';
import type { End } from '../outcome.ts';
import { counted, oneLine } from '../text.ts';
import { errorName, type Letter } from './letter.ts';
import { countOf, type DeadLetterQueue } from './queues.ts';
import type { Selection } from './selection.ts';
import type { Failure } from './sendLetters.ts';
import type { Session } from './session.ts';

/** Counts what a command has received and done so far. It is up to date even when the command throws. */
export interface Tally {
  seen: number;
  /** How many of those the selection takes. */
  selected: number;
  /** Sent and deleted. */
  redriven: number;
  /** Sent, but perhaps still in the dead-letter queue, by message ID. They would run twice if they were redriven again. */
  readonly undeleted: Map<string, Letter>;
  /** The number of `undeleted`. */
  readonly duplicates: number;
  /** Redriven by this command, dead again already, and left in the queue. */
  diedAgain: number;
  readonly failed: Failure[];
  /** How many letters died of which error; `undefined` stands for letters without a reason. */
  readonly errors: Map<string | undefined, number>;
}

export function emptyTally(): Tally {
  return {
    seen: 0,
    selected: 0,
    redriven: 0,
    undeleted: new Map(),
    get duplicates() {
      return this.undeleted.size;
    },
    diedAgain: 0,
    failed: [],
    errors: new Map(),
  };
}

/** Counts letters that were seen, and their errors. */
export function noteSeen(tally: Tally, letters: readonly Letter[]): void {
  tally.seen += letters.length;
  for (const letter of letters) {
    const name = errorName(letter);
    tally.errors.set(name, (tally.errors.get(name) ?? 0) + 1);
  }
}

/**
 * A bar that shows how many dead letters were looked through. It is off where standard error is not a terminal.
 * @param total about how many there are; SQS counts approximately
 * @param printsLines whether the command prints lines, which would spoil a bar on the same terminal
 */
export function startProgress(what: string, total: number, printsLines = false): Bar {
  if (printsLines && process.stdout.isTTY)
    return { update: () => undefined, [Symbol.dispose]: () => undefined };
  return startBar(`${what} |{bar}| {value} of about {total}{text}`, total, { text: '' });
}

/** Says why a selection took nothing, and which errors there are. */
export function nothingSelected(
  { seen, errors }: Pick<Tally, 'seen' | 'errors'>,
  { by, text }: Selection,
  queue: DeadLetterQueue,
): string {
  if (seen === 0) return `${lastPart(queue.queueUrl)} has no visible message`;
  const names = [...errors]
    .sort(([, one], [, other]) => other - one)
    .slice(0, 10)
    .map(([name, count]) => `${name === undefined ? 'no reason' : oneLine(name, 80)} (${count})`);
  const instead = by === 'error' ? `. Their errors: ${names.join(', ')}` : '';
  return `none of ${counted(seen, 'dead letter')} in ${lastPart(queue.queueUrl)} fits ${text}${instead}`;
}

/** A line for each of the first failures. */
export function printFailures(failures: readonly Failure[], what: string): void {
  for (const { letter, why } of failures.slice(0, maxShown)) {
    console.error(`${what}: ${oneLine(letter.jobId, 100)}: ${oneLine(why, 500)}`);
  }
  const hidden = failures.length - maxShown;
  if (hidden > 0) console.error(`… and ${counted(hidden, 'more failure')}`);
}

const maxShown = 20;

/** How many letters a command received and removed. */
interface Seen {
  readonly seen: number;
  /** How many of those are no longer in the queue. */
  readonly removed: number;
  readonly isInterrupted?: boolean;
}

/** How a command ends: it reports letters that it has not received, which also make a command fail that did its work. */
export async function endOf(session: Session, what: Seen, isDone: boolean): Promise<End> {
  const hasUnseen = await reportUnseen(session, what);
  if (what.isInterrupted) return 'interrupted';
  return isDone && !hasUnseen ? 'done' : 'failed';
}

/**
 * Prints on standard error how many letters stayed in the queue without being received, and why that may be.
 * @returns whether there are any
 */
export async function reportUnseen(session: Session, what: Seen): Promise<boolean> {
  const count = await unseen(session, what);
  if (count === 0) return false;
  const queueName = lastPart(session.queue.queueUrl);
  console.error(`about ${counted(count, 'more message')} in ${queueName} not seen${why(what)}`);
  return true;
}

/**
 * How many letters were not received. SQS's counts are approximate, and on AWS a deletion may show a minute later, so letters
 * count only when both the count at the beginning and the count now include them.
 */
async function unseen({ sqs, queue, depth }: Session, { seen, removed }: Seen): Promise<number> {
  const missed = depth.waiting + depth.inFlight - seen;
  if (missed <= 0) return 0;
  const left = (await countOf(sqs, queue.queueUrl)) - (seen - removed);
  return Math.max(0, Math.min(missed, left));
}

function why({ seen, removed, isInterrupted }: Seen): string {
  if (isInterrupted) return ' yet';
  if (seen - removed >= manyInFlight) {
    return ': SQS hands out no more while 120,000 are in flight. Take the oldest first, with --older-than';
  }
  return ': somebody else has them in flight, such as another terminal. Do this again in a minute';
}

/** Near SQS's limit of about 120,000. */
const manyInFlight = 100_000;
