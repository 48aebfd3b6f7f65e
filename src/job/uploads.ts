/** Files that a job's callers may upload, for it to read: the bounds of the presigned POST, checked again by the job. */
export interface Uploads {
  /** The content types that are taken, such as `['text/plain', 'text/csv']`. 1 to 20, in lower case, without parameters. */
  readonly contentTypes: readonly string[];
  /** The largest file, in bytes: 1 to 5 GiB (S3's bound for one POST). Default 100 MiB. */
  readonly maxBytes?: number;
}

/** What uploads get where they say nothing. */
export const uploadsDefaults = { maxBytes: 100 * 1024 * 1024 } as const;
