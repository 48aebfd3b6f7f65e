import { readdir } from 'node:fs/promises';
import { type AnyJob, isJob } from '../src/job/index.ts';
import { jobNameProblem } from '../src/job/jobName.ts';
import { nearestName } from '../src/nearestName.ts';
import { CommandError } from './outcome.ts';
import type { Target } from './target.ts';

const directory = new URL('../src/jobs/', import.meta.url);

/** Gives what to publish a name with: the job's object, which validates, or the name where there is no file. */
export type JobLookup = (jobName: string) => Promise<AnyJob | string>;

/**
 * Looks jobs up by name: by their files, each loaded once, and by what the target runs. With `force` every name is
 * taken as it is, unchecked.
 *
 * The lookup throws a `CommandError` for a name that neither knows, because a typing error is its usual cause, and for
 * a file that does not load.
 */
export function jobLookup(target: Target, force: boolean): JobLookup {
  const found = new Map<string, Promise<AnyJob | string>>();
  return (jobName) => {
    if (force) return Promise.resolve(jobName);
    const job = found.get(jobName) ?? lookUp(jobName, target);
    found.set(jobName, job);
    return job;
  };
}

async function lookUp(jobName: string, target: Target): Promise<AnyJob | string> {
  const names = await namesOfFiles();
  const runs = target.jobs !== undefined && Object.hasOwn(target.jobs, jobName);
  if (names.includes(jobName)) {
    if (target.jobs !== undefined && !runs) {
      console.error(
        `warning: ${target.name} has no ${jobName} yet: what is published waits in the unrouted queue`,
      );
    }
    return await loadJob(jobName);
  }
  if (runs) return jobName;
  throw new CommandError(unknownJob(jobName, [...names, ...Object.keys(target.jobs ?? {})]));
}

/** The names of the files in `src/jobs` as the stack takes them: neither declarations nor tests. */
async function namesOfFiles(): Promise<string[]> {
  const entries = await readdir(directory);
  return entries.flatMap((entry) => /^(.+)(?<!\.d|\.test)\.ts$/.exec(entry)?.[1] ?? []);
}

/** The file's name is the job's, whatever the job object itself could read off its path. */
async function loadJob(jobName: string): Promise<AnyJob> {
  const exported = await import(new URL(`${jobName}.ts`, directory).href).catch((cause: unknown) => {
    throw new CommandError(`src/jobs/${jobName}.ts does not load: ${String(cause)}`, { cause });
  });
  if (isJob(exported.default)) return { ...exported.default, name: jobName };
  throw new CommandError(`src/jobs/${jobName}.ts holds no job: write export default defineJob({ … })`);
}

function unknownJob(jobName: string, known: readonly string[]): string {
  const problem = jobNameProblem(jobName);
  if (problem !== undefined) return `'${jobName}' can be no job's name: it ${problem}`;
  const nearest = nearestName(jobName, known);
  const advice = nearest === undefined ? 'Its file would be' : `Did you mean ${nearest}? Its file would be`;
  return `there is no job '${jobName}'. ${advice} src/jobs/${jobName}.ts; --force publishes all the same, to wait in the unrouted queue`;
}
