import { lastPart } from '../../src/names.ts';
import { counted } from '../counted.ts';
import { oneLine } from '../oneLine.ts';
import type { DeadLetterQueue } from './deadLetterQueue.ts';
import type { Selection } from './selection.ts';
import type { Failure } from './sendLetters.ts';
import type { Tally } from './tally.ts';

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
