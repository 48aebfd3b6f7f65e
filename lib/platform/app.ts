import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { Annotations, App } from 'aws-cdk-lib/core';
import { nearestName } from '../../src/nearestName.ts';
import { apiOptionsOf } from '../api/apiOptions.ts';
import { loadJobs } from '../discovery/loadJobs.ts';
import { exitProblem, InvalidJobsError, strayProblem } from '../discovery/problems.ts';
import { JobPlatformStack } from './jobPlatform.ts';
import { resourceNames } from './resourceNames.ts';
import { SynthError } from './synthError.ts';

/**
 * What `bin/app.ts` runs: a platform of the jobs in src/jobs, synthesized into where the CDK CLI wants it.
 * @returns the exit code
 */
export async function synthesizeApp(): Promise<0 | 1> {
  let exitCode: 0 | 1 | undefined;
  process.once('exit', () => {
    if (exitCode !== undefined) return;
    process.exitCode = report(earlyExit());
  });
  exitCode = await Promise.race([synthesize(), strayFailure()]).then(() => 0 as const, report);
  return exitCode;
}

async function synthesize(): Promise<void> {
  const app = new App({ autoSynth: false });
  const context = (key: ContextKey): string | undefined => app.node.tryGetContext(key)?.toString();
  const id = { platform: context('platform'), stage: context('stage') };
  const names = resourceNames(id);
  // Checked before the job files are loaded, since loading writes src/jobs.generated.ts.
  const options = {
    alarmEmails: alarmEmails(context('alarmEmail') ?? process.env.ALARM_EMAIL ?? ''),
    api: apiOptionsOf({
      apiJwtIssuer: context('apiJwtIssuer'),
      apiJwtAudience: context('apiJwtAudience'),
      apiOrigins: context('apiOrigins'),
    }),
  };
  const stack = new JobPlatformStack(app, names.topic, { ...id, ...options, ...(await loadJobs(names)) });
  for (const warning of contextWarnings(Object.keys(app.node.getAllContext()))) {
    Annotations.of(stack).addWarningV2('serverless-jobs:context', warning);
  }
  app.synth();
}

/** Rejects when something fails that no code waits for. Most likely a job file began it when it was loaded. */
function strayFailure(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const fail = (error: unknown): void => reject(strayError(error));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  return promise;
}

function strayError(cause: unknown): SynthError {
  const problem = strayProblem(cause, jobsDirectory);
  if (problem !== undefined) return new InvalidJobsError([problem], { cause });
  return new SynthError(
    `Something failed that no code waits for: ${inspect(cause)}\nNothing was written. ${lookForIt}`,
    { cause },
  );
}

/** In an exit listener the stack still shows which code called process.exit(). */
function earlyExit(): SynthError {
  Error.stackTraceLimit = Number.POSITIVE_INFINITY;
  const problem = exitProblem(new Error().stack ?? '', jobsDirectory);
  if (problem !== undefined) return new InvalidJobsError([problem]);
  return new SynthError(`The synth was ended by process.exit(). Nothing was written. ${lookForIt}`);
}

const lookForIt =
  'Look for what begins it in the files in src/jobs and what they import: a job file must load and do nothing else.';

const jobsDirectory = resolve('src/jobs');

/** An error that a person can mend is printed without its stack. */
function report(error: unknown): 1 {
  console.error(error instanceof SynthError ? error.message : error);
  return 1;
}

/**
 * The addresses in a list like `a@x.com,b@y.com`, each once.
 * @throws {SynthError} when one of them cannot be an e-mail address
 */
export function alarmEmails(list: string): string[] {
  const addresses = list.split(',').map((address) => address.trim());
  const given = addresses.filter((address) => address !== '');
  for (const address of given) assertAddress(address, list);
  return [...new Map(given.map((address) => [address.toLowerCase(), address])).values()];
}

/** Catches typing errors only: SNS mails a confirmation, which only a real address gets. */
function assertAddress(address: string, list: string): void {
  if (/^[\w.!#$%&'*+=?^`{|}~-]{1,64}@(?:[a-z0-9-]+\.)+[a-z0-9-]{2,}$/i.test(address)) return;
  throw new SynthError(
    `'${address}' in the alarm e-mail addresses '${list}' is no e-mail address. ` +
      'Write -c alarmEmail=a@example.com,b@example.com, or set ALARM_EMAIL to such a list.',
  );
}

/** What the app reads of the CDK's context (`-c stage=prod`). */
export const contextKeys = [
  'platform',
  'stage',
  'alarmEmail',
  'apiJwtIssuer',
  'apiJwtAudience',
  'apiOrigins',
] as const;

type ContextKey = (typeof contextKeys)[number];

/** A line for each key that no code reads: a misspelt `-c stge=prod` would silently deploy another stage. */
export function contextWarnings(keys: readonly string[]): string[] {
  return keys.filter(isUnknown).map((key) => {
    const nearest = nearestName(key, contextKeys);
    const advice =
      nearest === undefined ? `What is read: ${contextKeys.join(', ')}.` : `Did you mean ${nearest}?`;
    return `Nothing reads '${key}' of the context (-c ${key}=…, cdk.json). ${advice}`;
  });
}

/** The CDK's own keys hold a colon, a slash or an at sign, except for a few of its command line. */
function isUnknown(key: string): boolean {
  return !/[:/@]/.test(key) && !cdkKeys.has(key) && !(contextKeys as readonly string[]).includes(key);
}

const cdkKeys: ReadonlySet<string> = new Set(['cli-telemetry', 'cdk-migrate', 'acknowledged-issue-numbers']);
