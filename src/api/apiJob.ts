import { Problem } from './problem.ts';

/** What the API knows of a job that tracks. It is JSON, so that the stack can write it into the API's bundle. */
export interface ApiJob {
  readonly name: string;
  /** The payload as JSON Schema 2020-12, of what the job's schema takes in. Absent: any JSON. */
  readonly payloadSchema?: object;
  /** What its callers may upload. Absent: nothing. */
  readonly uploads?: {
    /** In lower case, without parameters. */
    readonly contentTypes: readonly string[];
    readonly maxBytes: number;
  };
  readonly maxAttempts: number;
}

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
