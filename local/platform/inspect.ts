import { jobNameIn } from '../../src/names.ts';
import { nearestName } from '../../src/nearestName.ts';
import { readAssembly } from '../aws/assembly/assembly.ts';
import { desiredState } from '../aws/resources/desiredState.ts';
import type { Place } from '../aws/resources/resourceType.ts';
import { jobsOf, type TemplateJob } from './jobs.ts';

/** The job that `--inspect` names does not exist, or has no function. */
export class InspectError extends Error {
  override readonly name = 'InspectError';
}

/** The port of Node's inspector that debuggers look for. */
const inspectPort = 9229;

/** Where Node's inspector listens for a function; undefined unless the function is that of the inspected job. */
export function inspectPortOf(functionName: string, inspectedJob: string | undefined): number | undefined {
  const isInspected = inspectedJob !== undefined && jobNameIn(functionName) === inspectedJob;
  return isInspected ? inspectPort : undefined;
}

/**
 * Reads the jobs off the assembly, so that a misspelt name is refused before anything runs.
 * @throws {InspectError} when the assembly has no such job, or the job has no function
 */
export async function checkInspected(name: string, assemblyDirectory: string): Promise<void> {
  const { resources } = desiredState(await readAssembly(assemblyDirectory), nowhere);
  const jobs = jobsOf(resources);
  const job = jobs.find((one) => one.name === name);
  if (job?.functionName === undefined) throw new InspectError(`--inspect: ${problemOf(name, job, jobs)}`);
}

function problemOf(name: string, job: TemplateJob | undefined, jobs: readonly TemplateJob[]): string {
  const names = jobs.filter(({ functionName }) => functionName !== undefined).map((one) => one.name);
  const there = names.length === 0 ? 'No job runs in a function' : `There are: ${names.join(', ')}`;
  if (job !== undefined) return `${name} runs on Fargate, not in a function. ${there}`;
  const nearest = nearestName(name, names);
  return `there is no job '${name}'. ${nearest === undefined ? there : `Did you mean ${nearest}?`}`;
}

/** Stands in for the engine, which does not run yet: the names of jobs do not depend on its address. */
const nowhere: Place = {
  region: 'us-east-1',
  accountId: '000000000000',
  endpoint: 'http://127.0.0.1',
  queueUrl: (name) => `http://127.0.0.1/000000000000/${name}`,
  apiUrl: () => 'http://127.0.0.1',
};

export function inspectorLine(job: string): string {
  return `  debugger   127.0.0.1:${inspectPort}, as soon as ${job} runs; it never times out`;
}
