import { setTimeout as sleep } from 'node:timers/promises';
import type { Letter } from './letter.ts';
import { noteSeen, type Tally } from './report.ts';
import type { Selection } from './selection.ts';
import type { Send } from './sendLetters.ts';
import { type Sweep, type SweptQueue, sweep } from './sweep.ts';

interface SendBackOptions {
  readonly selection: Selection;
  readonly send: Send;
  /** Ends the redrive after the batches in hand. */
  readonly signal: AbortSignal;
  /** Letters a second, 1 to 500; as fast as it goes by default. */
  readonly perSecond?: number | undefined;
  onProgress?(tally: Tally): void;
}

/**
 * Receives, sends and then deletes, in this order, so that an end at any point can duplicate a letter but never lose
 * one. What is received and not selected, or not sent, is made visible again.
 */
export async function sendBack(
  source: SweptQueue,
  tally: Tally,
  { selection, send, signal, perSecond, onProgress }: SendBackOptions,
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
      tally.diedAgain += letters.length - old.length;
      noteSeen(tally, old);
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

/** Compares SQS's clock with this computer's, by the letters that are received. */
interface QueueClock {
  /** Hears of letters as soon as they are received. */
  note(letters: readonly Letter[]): void;
  /** A moment of SQS's clock by this computer's, at most a little later than it was. Epoch ms. */
  here(sqsMs: number): number;
}

/**
 * A letter that is received for the first time says when, by SQS's clock, that was: just before now. Until there is one,
 * the clocks are taken to be alike.
 */
function queueClock(now: () => number): QueueClock {
  let aheadMs: number | undefined;
  return {
    note(letters) {
      const nowMs = now();
      for (const { receiveCount, firstReceivedAtMs } of letters) {
        if (receiveCount > 1 || firstReceivedAtMs === undefined) continue;
        aheadMs = Math.max(aheadMs ?? Number.NEGATIVE_INFINITY, firstReceivedAtMs - nowMs);
      }
    },
    here: (sqsMs) => sqsMs - (aheadMs ?? 0),
  };
}
