import { lastPart } from '../../src/names.ts';
import { type Bar, startBar } from '../bar.ts';
import { counted, oneLine } from '../text.ts';
import { errorName, type Letter } from './letter.ts';
import { countOf, type DeadLetterQueue } from './queues.ts';
import type { Selection } from './selection.ts';
import type { Failure } from './sendLetters.ts';
import type { Session } from './session.ts';

/** What a command has seen of a queue and done so far; also true when it throws. */
export interface Tally {
  seen: number;
  /** Of the seen ones, those that the selection takes. */
  selected: number;
  /** Sent and deleted. */
  redriven: number;
  /** Sent and perhaps still in the dead-letter queue, by message ID: they run twice when they are redriven again. */
  readonly undeleted: Map<string, Letter>;
  /** How many those are. */
  readonly duplicates: number;
  /** Redriven in this run, dead again already, and left. */
  diedAgain: number;
  readonly failed: Failure[];
  /** How many of the seen ones have which error; `undefined` for those without a reason. */
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
 * A bar while dead letters are looked through; nothing where standard error is no terminal.
 * @param total about how many there are; SQS counts approximately
 * @param printsLines the command prints what it does: on one terminal a bar and lines would spoil each other
 */
export function startProgress(what: string, total: number, printsLines = false): Bar {
  if (printsLines && process.stdout.isTTY)
    return { update: () => undefined, [Symbol.dispose]: () => undefined };
  return startBar(`${what} |{bar}| {value} of about {total}{text}`, total, { text: '' });
}

/** Why a selection took nothing, and what there is instead. */
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

/** What a command did with the letters that it saw. */
interface Seen {
  readonly seen: number;
  /** Of those, the ones that are not in the queue any more. */
  readonly removed: number;
  readonly isInterrupted?: boolean;
}

/**
 * Says on standard error how many letters were in the queue all the while and were not seen, and why that may be.
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
 * SQS's counts are approximate, and on AWS a deletion may show a minute later: only those are said that were missed
 * already by the count of the beginning, and are there by the one of now.
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

/** SQS's bound is about 120,000. */
const manyInFlight = 100_000;
