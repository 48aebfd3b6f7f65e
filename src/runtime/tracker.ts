import type { AttemptSurroundings } from './attempt.ts';
import type { Run } from './batch.ts';
import type { Outcome } from './outcome.ts';
import type { EndedRun } from './settle.ts';

/**
 * Records what becomes of a job's messages, where the job asks for it (`track`). Never decides an outcome, but that a
 * cancelled job does not run: what fails is logged.
 */
export interface Tracker {
  /**
   * Runs a job once with one message, as `attempt` does, and records that it runs, how far it is, and how it ended where
   * that needs nothing of SQS: success and cancellation. Never throws.
   */
  attempt(run: Run, surroundings: TrackedSurroundings): Promise<Outcome>;
  /**
   * Records what is true on SQS by now: messages that come back, dead letters.
   * @param kept the IDs of the messages that are not acknowledged; a dead one among them has no dead letter yet
   * @param refused why delays were refused, by message ID: then only SQS knows when the message comes back
   * @returns when all that there was to say is recorded, or could not be
   */
  settled(
    runs: readonly EndedRun[],
    kept: readonly string[],
    refused?: ReadonlyMap<string, Error>,
  ): Promise<void>;
  /** Says no more of runs whose messages somebody else has by now. Resolves as `settled` does. */
  left(runs: readonly EndedRun[]): Promise<void>;
}

export interface TrackedSurroundings extends AttemptSurroundings {
  /** Say for so long only that it runs, and again while it does: where a process that lives on can (the worker). */
  readonly renewalMs?: number;
}
