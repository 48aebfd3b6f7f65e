import type { Duration } from '../job/duration.ts';

/** What a worker gets where nothing else is said. Defined here and nowhere else. */
export const workerDefaults = {
  /** Messages that run at the same time, for each job: as many as one receive brings. */
  concurrency: 10,
  /** How long running jobs may go on after SIGTERM: with what follows, just under the 120 s of a Fargate task. */
  stopTimeout: '110s',
  /** Where health and metrics are served, when a port is given. */
  healthHost: '127.0.0.1',
} as const satisfies Record<string, Duration | number | string>;

/** What a worker takes. */
export const workerBounds = {
  concurrency: { min: 1, max: 1000 },
  stopTimeout: { min: '1s', max: '12h' },
  healthPort: { min: 0, max: 65_535 },
} as const;
