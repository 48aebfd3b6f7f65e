import { enableCompileCache } from 'node:module';

/** Like bin/app.ts, but for more jobs than fit into one stack: it puts half of them into each of two platforms. */
enableCompileCache();
const { App } = await import('aws-cdk-lib/core');
const { JobPlatformStack } = await import('../lib/platform/jobPlatform.ts');
const { loadJobs } = await import('../lib/discovery/loadJobs.ts');
const { resourceNames } = await import('../lib/platform/resourceNames.ts');

const app = new App({ autoSynth: false });
const { jobs } = await loadJobs(resourceNames());
const half = Math.ceil(jobs.length / 2);
new JobPlatformStack(app, 'First', { stage: 'first', jobs: jobs.slice(0, half) });
new JobPlatformStack(app, 'Second', { stage: 'second', jobs: jobs.slice(half) });
app.synth();
