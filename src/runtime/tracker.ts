import type { AttemptSurroundings } from './attempt.ts';
import type { Run } from './batch.ts';
import type { Outcome } from './outcome.ts';
import type { EndedRun } from './settle.ts';

/**
 * Records what happens to a job's messages, for jobs with `track`. It changes one outcome: a cancelled job does not
 * run. When it cannot record something, it logs that.
 */
export interface Tracker {
  /**
   * Runs a job once with one message, as `attempt` does, and records that it runs and how far it is. It also records
   * success and cancellation, for which nothing has to happen on SQS. Never rejects.
   */
  attempt(run: Run, surroundings: TrackedSurroundings): Promise<Outcome>;
  /**
   * Records what SQS has taken: retries and dead letters. Resolves when all is recorded, or has failed to be.
   * @param kept the IDs of the messages that are not acknowledged. A dead one among them has no dead letter yet
   * @param refused why SQS refused delays, by message ID. Only SQS knows when such a message comes back
   */
  settled(
    runs: readonly EndedRun[],
    kept: readonly string[],
    refused?: ReadonlyMap<string, Error>,
  ): Promise<void>;
  /** Stops recording runs whose messages another consumer has by now. Resolves as `settled` does. */
  left(runs: readonly EndedRun[]): Promise<void>;
}

/** What an attempt of a tracked job needs. */
export interface TrackedSurroundings extends AttemptSurroundings {
  /**
   * Where given, the record says for this time only that the job runs, and is renewed while
   * it does. A worker does that, since it lives on.
   */
  readonly renewalMs?: number;
}
