import { exitCodes } from './exitCodes.ts';
import { interruptedExitCode } from './interrupt.ts';

/** What a command came to; an interrupted one exits with 130. */
export type End = 'done' | 'failed' | 'interrupted';

export function exitCodeOf(end: End): number {
  if (end === 'interrupted') return interruptedExitCode;
  return end === 'done' ? exitCodes.done : exitCodes.failed;
}
