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
