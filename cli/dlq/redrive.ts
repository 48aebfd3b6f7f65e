import { setTimeout as sleep } from 'node:timers/promises';
import { errorName, type Letter } from './letter.ts';
import { queueClock } from './queueClock.ts';
import type { Selection } from './selection.ts';
import type { Failure, Send } from './sendLetters.ts';
import { type Sweep, type SweptQueue, sweep } from './sweep.ts';

export interface RedriveOptions {
  readonly selection: Selection;
  readonly send: Send;
  /** Ends the redrive after the batches in hand. */
  readonly signal: AbortSignal;
  /** Letters a second, 1 to 500; as fast as it goes by default. */
  readonly perSecond?: number | undefined;
  onProgress?(tally: Tally): void;
}

/** What has happened so far; also true when the redrive throws. */
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

/**
 * Receives, sends and then deletes, in this order, so that an end at any point can duplicate a letter but never lose
 * one. What is received and not selected, or not sent, is made visible again.
 */
export async function redrive(
  source: SweptQueue,
  tally: Tally,
  { selection, send, signal, perSecond, onProgress }: RedriveOptions,
): Promise<void> {
  const now = source.now ?? Date.now;
  const clock = queueClock(now);
  /** When the first letter of a job's ID was sent, by this computer's clock. */
  const sentAtMs = new Map<string, number>();
  const pause = paceOf(perSecond);

  await sweep(
    source,
    async (letters, { remove }) => {
      clock.note(letters);
      const old = letters.filter((letter) => !isDeadAgain(letter));
      note(tally, letters.length, old);
      const selected = old.filter((letter) => selection.takes(letter));
      tally.selected += selected.length;
      if (selected.length > 0) {
        await pause(selected.length);
        await move(selected, remove);
      }
      onProgress?.(tally);
    },
    {
      signal,
      // A slow redrive holds little in hand: a batch is sent within a second.
      ...(perSecond === undefined ? {} : { lanes: 1, batchSize: () => Math.min(10, perSecond) }),
      onDeleted(letters) {
        for (const { messageId } of letters) tally.undeleted.delete(messageId);
        tally.redriven += letters.length;
      },
    },
  );

  async function move(selected: readonly Letter[], remove: Sweep['remove']): Promise<void> {
    for (const { jobId } of selected) if (!sentAtMs.has(jobId)) sentAtMs.set(jobId, now());
    const { sent, failed, error } = await send(selected);
    tally.failed.push(...failed);
    for (const letter of sent) tally.undeleted.set(letter.messageId, letter);
    await remove(sent);
    if (error !== undefined) throw error;
  }

  /** Without this, jobs that fail at once would be redriven without end. */
  function isDeadAgain(letter: Letter): boolean {
    return clock.here(letter.sentAtMs) > (sentAtMs.get(letter.jobId) ?? Number.POSITIVE_INFINITY);
  }
}

function note(tally: Tally, received: number, letters: readonly Letter[]): void {
  tally.diedAgain += received - letters.length;
  tally.seen += letters.length;
  for (const letter of letters) {
    const name = errorName(letter);
    tally.errors.set(name, (tally.errors.get(name) ?? 0) + 1);
  }
}

/** Lets as many letters a second pass, evenly. */
function paceOf(perSecond: number | undefined): (count: number) => Promise<void> {
  if (perSecond === undefined) return async () => undefined;
  let nextAtMs = Date.now();
  return async (count) => {
    const waitMs = nextAtMs - Date.now();
    nextAtMs = Math.max(nextAtMs, Date.now()) + (count / perSecond) * 1_000;
    if (waitMs > 0) await sleep(waitMs);
  };
}
