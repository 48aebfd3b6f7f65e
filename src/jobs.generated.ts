// Written by synth from the files in src/jobs: every job's name and type, for typed publishing. Do not edit.
import type DocumentJob from './jobs/DocumentJob.ts';
import type GreetingJob from './jobs/GreetingJob.ts';
import type PushupsJob from './jobs/PushupsJob.ts';
import type StretchJob from './jobs/StretchJob.ts';

export interface Jobs {
  DocumentJob: typeof DocumentJob;
  GreetingJob: typeof GreetingJob;
  PushupsJob: typeof PushupsJob;
  StretchJob: typeof StretchJob;
}
