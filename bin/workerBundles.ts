import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleJobs } from '../lib/bundle/bundle.ts';
import { discoverJobs } from '../lib/discovery/discovery.ts';

/** `node bin/workerBundles.ts DIRECTORY`, in the Dockerfile: there, `node GreetingJob` then runs that job's worker. */
const [directory = 'bundles'] = process.argv.slice(2);
const found = await discoverJobs('src/jobs');
const { jobs } = await bundleJobs(found.jobs, { target: 'worker' });
for (const { name, bundle } of jobs) {
  const ofJob = join(directory, name);
  await mkdir(ofJob, { recursive: true });
  for (const file of ['index.mjs', 'index.mjs.map'])
    await cp(join(bundle.directory, file), join(ofJob, file));
  await writeFile(join(ofJob, 'package.json'), '{"main":"index.mjs"}'); // what `node GreetingJob` looks for
}
