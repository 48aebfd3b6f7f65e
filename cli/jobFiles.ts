import { readdir } from 'node:fs/promises';
import { type AnyJob, isJob } from '../src/job/index.ts';
import { jobNameProblem } from '../src/job/jobName.ts';
import { CommandError } from './outcome.ts';
import type { Target } from './target.ts';
import { nameAdvice } from './text.ts';

const directory = new URL('../src/jobs/', import.meta.url);

/** Finds a job by its name: the job object, which can validate payloads, or the name itself where the job has no file. */
export type JobLookup = (jobName: string) => Promise<AnyJob | string>;

/**
 * Looks jobs up by name, first among the files in `src/jobs`, each of which is loaded once, then among the jobs that the
 * target runs. With `force` it gives every name back unchecked.
 *
 * The lookup throws a `CommandError` for a name that is in neither place, because it is usually misspelt, and for a file that
 * does not load.
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

/** The names of the job files in `src/jobs`. As at synth, declarations and tests do not count. */
async function namesOfFiles(): Promise<string[]> {
  const entries = await readdir(directory);
  return entries.flatMap((entry) => /^(.+)(?<!\.d|\.test)\.ts$/.exec(entry)?.[1] ?? []);
}

/** Names the job after its file: the job object may not know its name here. */
async function loadJob(jobName: string): Promise<AnyJob> {
  const exported = await import(new URL(`${jobName}.ts`, directory).href).catch((cause: unknown) => {
    throw new CommandError(`src/jobs/${jobName}.ts does not load: ${String(cause)}`, { cause });
  });
  if (isJob(exported.default)) return { ...exported.default, name: jobName };
  throw new CommandError(`src/jobs/${jobName}.ts holds no job: write export default defineJob({ … })`);
}

function unknownJob(jobName: string, known: readonly string[]): string {
  const problem = jobNameProblem(jobName);
  if (problem !== undefined) return `'${jobName}' cannot be the name of a job: it ${problem}`;
  const advice = [nameAdvice(jobName, known, ''), `Its file would be src/jobs/${jobName}.ts`]
    .join(' ')
    .trim();
  return `there is no job '${jobName}'. ${advice}; --force publishes it anyway: it then waits in the unrouted queue`;
}
