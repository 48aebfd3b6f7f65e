import type { ApiJob } from './apiJob.ts';
import { Problem } from './problem.ts';

/**
 * The job of a name.
 * @throws {Problem} when no job of that name tracks
 */
export function jobNamed(jobs: readonly ApiJob[], name: string): ApiJob {
  const job = jobs.find((one) => one.name === name);
  if (job !== undefined) return job;
  const names = jobs.map((one) => one.name);
  throw new Problem(
    'unknown-job',
    `No job is named ${JSON.stringify(name.slice(0, 100))}; those with track: true are ${names.join(', ') || 'none'}.`,
    { jobs: names },
  );
}
