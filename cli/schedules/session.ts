import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import { DelayError } from '../../src/publisher/delay/errors.ts';
import { type PlatformSchedules, platformSchedules } from '../../src/publisher/delay/platformSchedules.ts';
import { awsProblem, errorCode, isDenied } from '../awsProblem.ts';
import { CommandError } from '../CommandError.ts';
import { type End, exitCodeOf } from '../end.ts';
import { exitCodes } from '../exitCodes.ts';
import { oneLine } from '../oneLine.ts';
import { findTarget, type Target, type TargetOptions } from '../target.ts';
import { needs, type PermittedCommand } from './permissions.ts';

/** A command at work on a platform's schedules. */
export interface Session {
  readonly target: Target;
  /** Their groups, by the topic's name. */
  readonly platform: PlatformSchedules;
  readonly scheduler: SchedulerClient;
}

/**
 * Finds the platform, does the work, and sets the process's exit code. What AWS refuses is one line on standard error,
 * and a failure.
 * @throws {CommandError} when the work cannot be tried
 */
export async function withSchedules(
  command: PermittedCommand,
  options: TargetOptions,
  work: (session: Session) => Promise<End>,
): Promise<void> {
  const target = await findTarget(options);
  const platform = platformSchedules(target.topicArn);
  try {
    const { SchedulerClient } = await import('@aws-sdk/client-scheduler');
    const scheduler = new SchedulerClient(target.clientConfig);
    process.exitCode = exitCodeOf(await work({ target, platform, scheduler }));
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error)) throw error;
    const line = explain(error, command, target, platform);
    if (line === undefined) throw error;
    console.error(`error: ${oneLine(line, 2_000)}`);
    process.exitCode = exitCodes.failed;
  }
}

/** One line: what was refused and what to do; undefined for an error that is no answer of AWS: a bug. */
function explain(
  error: Error,
  command: PermittedCommand,
  target: Target,
  platform: PlatformSchedules,
): string | undefined {
  const refusal = error.cause instanceof Error ? error.cause : error;
  if (isDenied(refusal)) return `no permission: ${needs(command, platform)}`;
  const problem = awsProblem(refusal, target);
  if (problem !== undefined) return problem;
  if (error instanceof DelayError) return error.message;
  const isAnswer = '$metadata' in refusal || 'jobName' in error;
  return isAnswer ? `${errorCode(refusal)}: ${refusal.message}` : undefined;
}
