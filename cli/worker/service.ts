import { fileURLToPath } from 'node:url';

/** A worker as a service of the operating system. */
export interface Service {
  readonly jobNames: readonly string[];
  /** What follows `worker`, job names included. */
  readonly words: readonly string[];
  /** Where this repository is on the machine that will run it. */
  readonly directory: string;
  /** Node 24's executable. */
  readonly node: string;
  readonly stopTimeoutSeconds: number;
  /** Whether the queue's URL comes from the environment. */
  readonly needsQueueUrl: boolean;
}

/** This checkout and this Node: where the definition is for another machine, its paths are to be changed. */
export const here = {
  directory: fileURLToPath(new URL('../../', import.meta.url)).replace(/[/\\]$/, ''),
  node: process.execPath,
} as const;

/** What the worker may take to settle what it has aborted, and to end. */
export const graceSeconds = 10;

export function serviceDescription({ jobNames }: Service): string {
  return `Worker of ${jobNames.join(', ')}`;
}
