import { errorName, type Letter } from './letter.ts';
import type { Failure } from './sendLetters.ts';

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
