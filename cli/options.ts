import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from './outcome.ts';

/** Where the platform is: what `findTarget` reads. */
export function addTargetOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'a deployed stack, instead of the running local platform')
    .option('--topic-arn <arn>', "a deployed platform's topic, where the stack cannot be read");
}

/** Reads an option that is a whole number within bounds. */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new CommandError(`${option} must be a whole number from ${min} to ${max}, was '${text}'`);
  };
}

/**
 * Where a path leads that somebody typed. npm runs a script in the project's root, wherever it is typed, and says where that
 * was; in messages a path stays as it was given.
 */
export function givenPath(path: string): string {
  return resolve(process.env.INIT_CWD || process.cwd(), path);
}
