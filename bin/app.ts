import '../lib/compileCache.ts';
import { App } from 'aws-cdk-lib/core';
import { alarmEmails } from '../lib/alarmEmails.ts';
import { apiOptionsOf } from '../lib/apiOptions.ts';
import { JobPlatformStack } from '../lib/JobPlatformStack.ts';
import { loadJobs } from '../lib/loadJobs.ts';
import { resourceNames } from '../lib/resourceNames.ts';
import { SynthError } from '../lib/SynthError.ts';

/** The CDK app: `npx cdk synth -c platform=jobs -c stage=prod -c alarmEmail=a@example.com,b@example.com`. */
async function synthesize(): Promise<void> {
  const app = new App({ autoSynth: false });
  const context = (key: string): string | undefined => app.node.tryGetContext(key)?.toString();
  const id = { platform: context('platform'), stage: context('stage') };
  const names = resourceNames(id);
  new JobPlatformStack(app, names.topic, {
    ...id,
    ...(await loadJobs(names)),
    alarmEmails: alarmEmails(context('alarmEmail') ?? process.env.ALARM_EMAIL ?? ''),
    api: apiOptionsOf({
      apiJwtIssuer: context('apiJwtIssuer'),
      apiJwtAudience: context('apiJwtAudience'),
      apiOrigins: context('apiOrigins'),
    }),
  });
  app.synth();
}

/** What a person has to put right is said without a stack trace. */
function report(error: unknown): 1 {
  console.error(error instanceof SynthError ? error.message : error);
  return 1;
}

let exitCode: 0 | 1 | undefined;
process.once('exit', () => {
  if (exitCode !== undefined) return;
  console.error(
    'The synth was ended by a job file in src/jobs that calls process.exit() when it is loaded. Nothing was written.',
  );
  process.exitCode = 1;
});
exitCode = await synthesize().then(() => 0 as const, report);
// At once: a job file may have opened something on import, which would keep this process alive.
process.exit(exitCode);
