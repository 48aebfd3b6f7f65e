import { setTimeout as sleep } from 'node:timers/promises';
import type { LeasedRecord, LoggedLease } from './record.ts';

/** The lease of a key being renewed, until it is stopped. */
interface Renewal {
  stop(): void;
}

/** Renews the lease when half of it is over, for at most `leaseMs`: what still hangs then is taken over. */
export function startRenewal(record: LeasedRecord, lease: Required<LoggedLease>): Renewal {
  const stopping = new AbortController();
  void renewUntil(stopping.signal, record, lease);
  return { stop: () => stopping.abort() };
}

/** One renewal after the other: of two at once neither would know what the other has made of the lease. */
async function renewUntil(
  stopped: AbortSignal,
  record: LeasedRecord,
  { leaseMs, renewalMs, log }: Required<LoggedLease>,
): Promise<void> {
  const lastEndsAt = Date.now() + leaseMs;
  let waitMs = renewalMs / 2;
  while (record.leaseEndsAt < lastEndsAt) {
    await sleep(waitMs, undefined, { signal: stopped }).catch(() => {});
    if (stopped.aborted) return;
    try {
      const endsAt = Math.min(Date.now() + renewalMs, lastEndsAt);
      await record.renew(endsAt, AbortSignal.any([stopped, AbortSignal.timeout(renewalMs / 4)]));
      waitMs = renewalMs / 2;
    } catch (error) {
      if (stopped.aborted) return; // done meanwhile, and recorded as that
      log.warn('the lease of its key was not renewed', { error });
      if ((error as Error).name === 'ConditionalCheckFailedException') return;
      waitMs = renewalMs / 10; // while there is some of it left
    }
  }
}
