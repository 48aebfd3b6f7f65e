import { spawn } from 'node:child_process';
import type { Tracked } from './tracker.ts';

/** What a person would type next, with the alarm e-mail in hand: look at the dead letter, mend it, send it back. */
export interface Mending {
  /** For the screen, as it would be typed. */
  readonly command: string;
  readonly commandArguments: readonly string[];
}

export function mendingOf(
  { jobName, jobId }: Tracked,
  mendedPayload: unknown,
): { look: Mending; edit: Mending } {
  const payload = JSON.stringify(mendedPayload);
  return {
    look: mending(['dlq', 'show', jobName, '--id', jobId]),
    edit: mending(['dlq', 'edit', jobName, '--id', jobId, '--payload', payload]),
  };
}

/** Runs the CLI as a person would, against this very platform. Its output goes to the screen. */
export async function runCli(
  { command, commandArguments }: Mending,
  { projectDirectory, print }: { projectDirectory: string; print: (text: string) => void },
): Promise<void> {
  print(`\n$ ${command}`);
  const child = spawn(process.execPath, ['bin/jobs.ts', ...commandArguments], {
    cwd: projectDirectory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  print(Buffer.concat(output).toString().trimEnd());
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}`);
}

function mending(commandArguments: readonly string[]): Mending {
  const quoted = commandArguments.map((text) => (/^[\w.-]+$/.test(text) ? text : `'${text}'`));
  return { command: `npm run jobs -- ${quoted.join(' ')}`, commandArguments };
}
