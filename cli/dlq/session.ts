import { CommandError } from '../CommandError.ts';
import { type End, exitCodeOf } from '../end.ts';
import { exitCodes } from '../exitCodes.ts';
import { findTarget, type Target, type TargetOptions } from '../target.ts';
import { type DeadLetterQueue, findDeadLetterQueue, isSafetyNet } from './deadLetterQueue.ts';
import { type Depth, depthOf } from './depths.ts';
import type { PermittedCommand } from './permissions.ts';
import { explain } from './serviceError.ts';
import { type Sqs, sqsOf } from './sqs.ts';

/** A command at work on one queue of a platform. */
export interface Session {
  readonly target: Target;
  readonly sqs: Sqs;
  readonly queue: DeadLetterQueue;
  readonly depth: Depth;
}

/**
 * Finds the platform and the queue, does the work, and sets the process's exit code. What AWS refuses is one line on
 * standard error, and a failure.
 * @throws {CommandError} when the work cannot be tried
 */
export async function withQueue(
  command: PermittedCommand,
  name: string,
  options: TargetOptions,
  work: (session: Session) => Promise<End>,
): Promise<void> {
  const target = await findTarget(options);
  let queue: DeadLetterQueue | undefined;
  const permitted = command === 'redrive' && isSafetyNet(name) ? 'redrive unrouted' : command;
  await explained(
    () => ({ command: permitted, target, queue }),
    async () => {
      const sqs = await sqsOf(target);
      queue = await findDeadLetterQueue(target, sqs, name);
      return await work({ target, sqs, queue, depth: await depthOf(sqs, queue) });
    },
  );
}

/** As {@link withQueue}, without a queue of its own. */
export async function withTarget(
  command: PermittedCommand,
  options: TargetOptions,
  work: (target: Target, sqs: Sqs) => Promise<End>,
): Promise<void> {
  const target = await findTarget(options);
  await explained(
    () => ({ command, target }),
    async () => work(target, await sqsOf(target)),
  );
}

async function explained(
  doing: () => Parameters<typeof explain>[1],
  work: () => Promise<End>,
): Promise<void> {
  try {
    process.exitCode = exitCodeOf(await work());
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const line = explain(error, doing());
    if (line === undefined) throw error;
    console.error(`error: ${line}`);
    process.exitCode = exitCodes.failed;
  }
}
