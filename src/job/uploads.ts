import type { OptionsOf, uploadsOptions } from './options.ts';

/** Files that a job's callers may upload, for it to read: the bounds of the presigned POST, checked again by the job. */
export interface Uploads extends OptionsOf<typeof uploadsOptions> {
  /** The content types that are taken, such as `['text/plain', 'text/csv']`. 1 to 20, in lower case, without parameters. */
  readonly contentTypes: readonly string[];
}
