import { App } from 'aws-cdk-lib/core';
import { alarmEmails } from './alarmEmails.ts';
import { apiOptionsOf } from './apiOptions.ts';
import { JobPlatformStack } from './JobPlatformStack.ts';
import { loadJobs } from './loadJobs.ts';
import { resourceNames } from './resourceNames.ts';
import { SynthError } from './SynthError.ts';

/**
 * What `bin/app.ts` runs: a platform of the jobs in src/jobs, synthesized into where the CDK CLI wants it.
 * @returns the exit code
 */
export async function synthesizeApp(): Promise<0 | 1> {
  let exitCode: 0 | 1 | undefined;
  process.once('exit', () => {
    if (exitCode !== undefined) return;
    console.error(
      'The synth was ended by a job file in src/jobs that calls process.exit() when it is loaded. Nothing was written.',
    );
    process.exitCode = 1;
  });
  exitCode = await synthesize().then(() => 0 as const, report);
  return exitCode;
}

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
