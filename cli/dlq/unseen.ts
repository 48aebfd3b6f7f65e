import { lastPart } from '../../src/names.ts';
import { counted } from '../counted.ts';
import { countOf } from './depths.ts';
import type { Session } from './session.ts';

/** What a command did with the letters that it saw. */
export interface Seen {
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
