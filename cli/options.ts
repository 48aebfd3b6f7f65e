import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from './outcome.ts';

/** Adds the options that say which platform to work with; `findTarget` reads them. */
export function addTargetOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'a deployed stack, instead of the running local platform')
    .option('--topic-arn <arn>', "a deployed platform's topic, where the stack cannot be read");
}

/**
 * A parser for an option that is a whole number within bounds.
 * @throws {CommandError} for any other text
 */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new CommandError(`${option} must be a whole number from ${min} to ${max}, was '${text}'`);
  };
}

/**
 * The absolute path of a path that somebody typed. npm runs a script in the project's root, and `INIT_CWD` says in which
 * directory npm was called. Messages show the path as it was typed.
 */
export function givenPath(path: string): string {
  return resolve(process.env.INIT_CWD || process.cwd(), path);
}
