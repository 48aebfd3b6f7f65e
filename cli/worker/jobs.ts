import { jobProblems } from '../../src/job/check/problems.ts';
import type { AnyJob } from '../../src/job/index.ts';
import { jobLookup } from '../jobFiles.ts';
import { CommandError } from '../outcome.ts';

/**
 * The jobs of these names, by their files.
 * @throws {CommandError} for a name without a file, a file that does not load, and a definition that is out of bounds
 */
export async function jobsOf(jobNames: readonly string[]): Promise<ReadonlyMap<string, AnyJob>> {
  const repeated = jobNames.find((name, index) => jobNames.indexOf(name) !== index);
  if (repeated !== undefined) throw new CommandError(`${repeated} is given twice: once is enough`);
  const lookup = jobLookup({ name: '', topicArn: '', clientConfig: {}, jobs: undefined }, false);
  const jobs = new Map<string, AnyJob>();
  for (const name of jobNames) {
    const job = (await lookup(name).catch(withoutForce)) as AnyJob;
    assertSound(name, job);
    jobs.set(name, job);
  }
  return jobs;
}

/** What can be published without a job's file cannot be run without it. */
function withoutForce(error: unknown): never {
  if (!(error instanceof CommandError)) throw error;
  throw new CommandError(error.message.replace(/; --force .*$/, ''), { cause: error });
}

function assertSound(name: string, job: AnyJob): void {
  const [problem] = jobProblems(job);
  if (problem === undefined) return;
  const { option, bound, given, advice } = problem;
  throw new CommandError(`src/jobs/${name}.ts: ${option} must be ${bound}, was ${given}. ${advice}`);
}
