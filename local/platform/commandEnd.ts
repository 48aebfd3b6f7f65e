import { once } from 'node:events';
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { AssemblyError } from '../aws/assembly/assembly.ts';
import { PortTakenError } from '../aws/engine/engine.ts';
import { InspectError } from './inspect.ts';
import { LocalVariablesError } from './localVariables.ts';
import { PlatformRunningError, StateDirectoryError } from './platformFile.ts';
import { SynthFailedError } from './synth.ts';

/** The message of an error that a person can act on. Anything else that was thrown is a bug: all of it is shown. */
export function explanation(error: unknown): string {
  if (expected.some((type) => error instanceof type)) return (error as Error).message;
  return inspect(error);
}

const expected = [
  AssemblyError,
  InspectError,
  LocalVariablesError,
  PlatformRunningError,
  PortTakenError,
  StateDirectoryError,
  SynthFailedError,
];

/**
 * A signal that the first SIGINT, SIGTERM or SIGHUP aborts. The second ends the process by `process.exit`, so that `exit`
 * listeners still remove their files.
 */
export function awaitInterruption(): AbortSignal {
  const interruption = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (interruption.signal.aborted) process.exit(exitCodeOf(signal));
    interruption.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return interruption.signal;
}

export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** The exit code that a shell reports for a process that the signal ended. */
function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/**
 * Goes on when nobody reads the output any more: the reader may have seen enough (`… | head`), or the same Ctrl-C may have
 * ended it (`… | tee log`).
 */
export function outliveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
