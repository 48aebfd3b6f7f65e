import type GreetingJob from '../../jobs/GreetingJob.ts';

/** What a publisher in tests is typed against. */
export interface TestJobs {
  readonly GreetingJob: typeof GreetingJob;
}
