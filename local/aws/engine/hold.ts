import type { InFlight, Queue } from './fauxqs.ts';

/**
 * Keeps received messages invisible for at least `holdMs` of real time. At a speed above 1 a function still takes
 * its real time while the queue's visibility timeout shrinks: without this, a running message would come back.
 */
export function holdMessages(queue: Queue, receiptHandles: string[], holdMs: number): void {
  for (const entry of inFlight(queue, receiptHandles)) {
    entry.ownDeadlineMs = entry.visibilityDeadline;
    entry.visibilityDeadline = Math.max(entry.visibilityDeadline, Date.now() + holdMs);
    entry.heldUntilMs = entry.visibilityDeadline;
  }
}

/**
 * Ends a hold: the message comes back when the queue's own (scaled) visibility timeout would have ended, but not
 * within a second. One whose visibility the handler has changed meanwhile keeps what the handler chose.
 */
export function releaseMessages(queue: Queue, receiptHandles: string[]): void {
  for (const entry of inFlight(queue, receiptHandles)) {
    if (entry.ownDeadlineMs === undefined || entry.visibilityDeadline !== entry.heldUntilMs) continue;
    entry.visibilityDeadline = Math.max(entry.ownDeadlineMs, Date.now() + 1_000);
  }
}

function inFlight(queue: Queue, receiptHandles: string[]): InFlight[] {
  return receiptHandles.flatMap((handle) => queue.inflightMessages.get(handle) ?? []);
}
