import { AssemblyError } from '../aws/assembly/assembly.ts';
import { PortTakenError } from '../aws/engine/engine.ts';
import { InspectError } from './inspect.ts';
import { LocalVariablesError } from './localVariables.ts';
import { PlatformRunningError, StateDirectoryError } from './platformFile.ts';
import { SynthFailedError } from './synth.ts';

/** What the user can act on has a message of its own; anything else is a bug, shown with its stack. */
export function explanation(error: unknown): string {
  if (expected.some((type) => error instanceof type)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
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
