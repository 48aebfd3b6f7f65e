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
