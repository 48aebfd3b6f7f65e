import { spawn } from 'node:child_process';

/** A command of the CLI, as a person would type it. */
interface CliCommand {
  /** As a person types it, for the screen. */
  readonly text: string;
  readonly words: readonly string[];
}

export interface CliOptions {
  readonly projectDirectory: string;
  readonly print: (text: string) => void;
  /** Ends the command when it is aborted. */
  readonly signal: AbortSignal;
}

export function cliCommand(words: readonly string[]): CliCommand {
  const quoted = words.map((text) => (/^[\w.-]+$/.test(text) ? text : `'${text}'`));
  return { text: `npm run jobs -- ${quoted.join(' ')}`, words };
}

/** Runs a command against the demo's platform, and prints its output. */
export async function runCli(
  { text, words }: CliCommand,
  { projectDirectory, print, signal }: CliOptions,
): Promise<void> {
  print(`\n$ ${text}`);
  const child = spawn(process.execPath, ['bin/jobs.ts', ...words], {
    cwd: projectDirectory,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  child.on('error', () => {}); // An abort by the signal is an error event, too.
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  signal.throwIfAborted();
  print(Buffer.concat(output).toString().trimEnd());
  if (exitCode !== 0) throw new Error(`${text} ended with ${exitCode}`);
}
