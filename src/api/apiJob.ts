import { Problem } from './problem.ts';

/** What the API knows of a tracked job. It is JSON, so that the stack can write it into the API's bundle. */
export interface ApiJob {
  readonly name: string;
  /** The input of the job's payload schema, as JSON Schema 2020-12. Absent where any JSON is allowed. */
  readonly payloadSchema?: object;
  /** The files that callers may upload. Absent where the job takes no uploads. */
  readonly uploads?: {
    /** In lower case, without parameters. */
    readonly contentTypes: readonly string[];
    readonly maxBytes: number;
  };
  readonly maxAttempts: number;
}

/**
 * The tracked job of a name.
 * @throws {Problem} when there is none
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
