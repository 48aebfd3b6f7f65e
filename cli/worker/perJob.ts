import { CommandError } from '../outcome.ts';

/** An option given for all jobs, or for each by its name. */
export interface PerJob<Value> {
  readonly all: Value | undefined;
  readonly byJob: ReadonlyMap<string, Value>;
}

/**
 * Reads `5` or `Report=2,Import=10`.
 * @param parse throws for a value that cannot be
 * @throws {CommandError} for a job that is not among `jobNames`
 */
export function perJob<Value>(
  option: string,
  parts: readonly string[],
  jobNames: readonly string[],
  parse: (text: string) => Value,
): PerJob<Value> {
  const byJob = new Map<string, Value>();
  let all: Value | undefined;
  for (const part of parts) {
    const [, jobName, value = part] = /^([A-Za-z][\w-]*)=(.*)$/s.exec(part) ?? [];
    if (jobName === undefined) all = parse(value);
    else if (jobNames.includes(jobName)) byJob.set(jobName, parse(value));
    else throw new CommandError(`${option} names ${jobName}, which is none of ${jobNames.join(', ')}`);
  }
  return { all, byJob };
}
