import { jobNameIn } from '../../src/names.ts';
import type { PlatformSnapshot } from './view.ts';

/** There is no function to debug of the job that was named. */
export class InspectError extends Error {
  override readonly name = 'InspectError';
}

/** Node's own port for it, which debuggers look for. */
const inspectPort = 9229;

/** Where Node's inspector listens for a function, if the function is that of the inspected job. */
export function inspectPortOf(functionName: string, inspectedJob: string | undefined): number | undefined {
  const isInspected = inspectedJob !== undefined && jobNameIn(functionName) === inspectedJob;
  return isInspected ? inspectPort : undefined;
}

/** @throws {InspectError} when the job is not there, or has no function */
export function checkInspected(name: string, { jobs }: Pick<PlatformSnapshot, 'jobs'>): void {
  const job = jobs.find((one) => one.name === name);
  if (job?.functionName !== undefined) return;
  const names = jobs.flatMap((one) => (one.functionName === undefined ? [] : [one.name])).join(', ');
  const problem =
    job === undefined ? `there is no job '${name}'` : `${name} runs on Fargate, not in a function`;
  throw new InspectError(`--inspect: ${problem}. Name one of ${names || 'none'}`);
}

export function inspectorLine(job: string): string {
  return `  debugger   127.0.0.1:${inspectPort}, as soon as ${job} runs; it never times out`;
}
