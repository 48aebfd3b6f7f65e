import '../lib/compileCache.ts';
import { App } from 'aws-cdk-lib/core';
import { JobPlatformStack } from '../lib/JobPlatformStack.ts';
import { loadJobs } from '../lib/loadJobs.ts';
import { resourceNames } from '../lib/resourceNames.ts';

/** What bin/app.ts does, for more jobs than one stack may have: half of them in each of two platforms. */
const app = new App({ autoSynth: false });
const { jobs } = await loadJobs(resourceNames());
const half = Math.ceil(jobs.length / 2);
new JobPlatformStack(app, 'First', { stage: 'first', jobs: jobs.slice(0, half) });
new JobPlatformStack(app, 'Second', { stage: 'second', jobs: jobs.slice(half) });
app.synth();
