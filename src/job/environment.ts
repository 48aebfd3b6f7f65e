import type { AnyJob } from './defineJob.ts';

/** Names and values. */
export type Variables = Readonly<Record<string, string>>;

/** The job's own environment variables: the same in every stage, or made for the stage that is deployed. */
export type Environment = Variables | ((platform: { readonly stage: string }) => Variables);

/** The variables of a job in a stage. What the job's function throws is thrown. */
export function variablesOf({ environment = {} }: Pick<AnyJob, 'environment'>, stage: string): Variables {
  return typeof environment === 'function' ? environment({ stage }) : environment;
}
