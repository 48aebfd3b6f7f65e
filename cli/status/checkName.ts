import { nearestName } from '../../src/job/nearestName.ts';
import { CommandError } from '../outcome.ts';
import type { Target } from '../target.ts';

/** @throws {CommandError} for a job's name that the target does not run, with the nearest one */
export function checkName(jobName: string, { name, jobs }: Target): void {
  if (jobs === undefined || Object.hasOwn(jobs, jobName)) return;
  const names = Object.keys(jobs);
  const nearest = nearestName(jobName, names);
  const advice = nearest === undefined ? `There are: ${names.join(', ')}` : `Did you mean ${nearest}?`;
  throw new CommandError(`${name} has no job '${jobName}'. ${advice}`);
}
