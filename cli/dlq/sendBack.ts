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
  /** Letters a second, 1 to 500. Default: as fast as possible. */
  readonly perSecond?: number | undefined;
  onProgress?(tally: Tally): void;
}

/**
 * Receives, sends and then deletes each letter, in this order, so that an interruption can duplicate a letter but never lose
 * one. Letters that are not selected, or could not be sent, are made visible again.
 */
export async function sendBack(
  source: SweptQueue,
  tally: Tally,
  { selection, send, signal, perSecond, onProgress }: SendBackOptions,
): Promise<void> {
  const now = source.now ?? Date.now;
  const clock = queueClock(now);
  /** When a job's first letter was sent back, by job ID, in ms of this computer's clock. */
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
      // A slow redrive receives no more than it can send within a second.
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

  /** Whether it was sent to this queue after its redrive. Such letters are left: they could be redriven without end. */
  function isDeadAgain(letter: Letter): boolean {
    return clock.here(letter.sentAtMs) > (sentAtMs.get(letter.jobId) ?? Number.POSITIVE_INFINITY);
  }
}

/** Waits so that no more letters a second are sent, at an even pace. */
function paceOf(perSecond: number | undefined): (count: number) => Promise<void> {
  if (perSecond === undefined) return async () => undefined;
  let nextAtMs = Date.now();
  return async (count) => {
    const waitMs = nextAtMs - Date.now();
    nextAtMs = Math.max(nextAtMs, Date.now()) + (count / perSecond) * 1_000;
    if (waitMs > 0) await sleep(waitMs);
  };
}

/** Converts times of SQS's clock to this computer's, by what received letters tell. */
interface QueueClock {
  /** Must be told of letters as soon as they are received. */
  note(letters: readonly Letter[]): void;
  /** Converts epoch ms of SQS's clock to this computer's; the result may be a little too late, but not too early. */
  here(sqsMs: number): number;
}

/**
 * A letter that is received for the first time holds the time of that by SQS's clock, which is just before now. Until such a
 * letter comes, both clocks are assumed to show the same time.
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
