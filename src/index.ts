/** What the package exports: what a job file needs, and what publishes jobs. */
export type { FileResult, SavedFile } from './files/index.ts';
export * from './job/index.ts';
export type { Jobs } from './jobs.generated.ts';
export * from './publisher/index.ts';
