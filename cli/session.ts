import { CommandError, type End, exitCodes, StopError } from './outcome.ts';
import { findTarget, type Target, type TargetOptions } from './target.ts';
import { oneLine } from './text.ts';

/** What a command does with a platform. */
export interface Work {
  run(target: Target): Promise<End>;
  /** What was refused and what to do, in one line; undefined for a bug, which keeps its stack. */
  explain(error: Error, target: Target): string | undefined;
}

/**
 * Finds the platform, does the work, and sets the process's exit code. What is refused in the middle of it is one line on
 * standard error, and a failure.
 * @throws {CommandError} when the work cannot be tried
 */
export async function withTarget(options: TargetOptions, { run, explain }: Work): Promise<void> {
  const target = await findTarget(options);
  try {
    process.exitCode = exitCodes[await run(target)];
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error)) throw error;
    const line = error instanceof StopError ? error.message : explain(error, target);
    if (line === undefined) throw error;
    console.error(`error: ${oneLine(line, 2_000)}`);
    process.exitCode = exitCodes.failed;
  }
}
