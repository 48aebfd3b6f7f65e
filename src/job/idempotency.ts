import type { idempotencyOptions, OptionsOf } from './options.ts';

/** Asks that a job runs once for each key, however often it is published, delivered or redriven. */
export interface Idempotency<Payload = unknown> extends OptionsOf<typeof idempotencyOptions> {
  /** What makes two messages the same job. By default the job's ID, which retries, duplicates and redrives keep. */
  key?(payload: Payload): string;
}
