import type { Duration } from './duration.ts';

/** Asks that a job runs once for each key, however often it is published, delivered or redriven. */
export interface Idempotency<Payload = unknown> {
  /** What makes two messages the same job. By default the job's ID, which retries, duplicates and redrives keep. */
  key?(payload: Payload): string;
  /** How long a finished job is remembered, 1 min to 365 d. Default `'1d'`. */
  readonly for?: Duration;
}

/** What idempotency gets where it says nothing. */
export const idempotencyDefaults = { for: '1d' } as const;
