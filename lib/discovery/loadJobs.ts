import { join, resolve } from 'node:path';
import { bundleApi } from '../bundle/apiBundle.ts';
import { type BundledJob, bundleJobs, type JobBundle } from '../bundle/bundle.ts';
import type { ResourceNames } from '../platform/resourceNames.ts';
import { discoverJobs } from './discovery.ts';
import { writeJobTypes } from './jobTypes.ts';

/** What `JobPlatform` takes. */
export interface LoadedJobs {
  readonly jobs: readonly BundledJob[];
  /** Of src/api; undefined where no job tracks. */
  readonly apiBundle: JobBundle | undefined;
  readonly warnings: readonly string[];
}

/**
 * What a platform is made of: finds the jobs in `src/jobs`, bundles them and the API of those that track, and brings
 * `src/jobs.generated.ts` up to date. Nothing is written when a job cannot be deployed.
 * @param names whose prefix counts towards the length of a job's queue and function names
 * @param root where package.json, src/ and node_modules are
 * @throws {SynthError} with every problem of every job file, or with what cannot be bundled
 */
export async function loadJobs(names: ResourceNames, root: string = process.cwd()): Promise<LoadedJobs> {
  const found = await discoverJobs(resolve(root, 'src/jobs'), names);
  const { jobs, warnings } = await bundleJobs(found.jobs, { root });
  const api = await bundleApi(found.jobs, { root });
  await writeJobTypes(
    jobs.map(({ name }) => name),
    join(root, 'src/jobs.generated.ts'),
  );
  return { jobs, apiBundle: api.apiBundle, warnings: [...found.warnings, ...warnings, ...api.warnings] };
}
