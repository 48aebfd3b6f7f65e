import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Runs `cdk synth` into a temporary directory, which replaces the target when the synth has succeeded. A failed synth leaves
 * the target as it was; the CDK alone would leave half of a new one there. Prints which templates were written.
 * @param directory the target, relative to the working directory
 * @param options for `cdk synth`, such as `-c stage=prod`
 * @returns the exit code
 */
export async function synthesizeInto(directory: string, options: readonly string[]): Promise<number> {
  const unfinished = `${directory}.${process.pid}`;
  try {
    const exitCode = await cdkSynth([...options, '--quiet', '--output', unfinished]);
    if (exitCode === 0) {
      replace(directory, unfinished);
      console.log(`Written: ${templatesIn(directory).join(', ')}`);
    }
    return exitCode;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Signals that are passed on to the child. This process outlives the child, and removes what is unfinished. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function cdkSynth(options: readonly string[]): Promise<number> {
  const cli = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin/cdk');
  const child = spawn(process.execPath, [cli, 'synth', ...options], { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of endingSignals) process.on(signal, forward);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  for (const signal of endingSignals) process.off(signal, forward);
  return exitCode ?? 1;
}

/** Renames the old directory first, since no directory can be renamed onto one with content. */
function replace(directory: string, by: string): void {
  const old = `${by}.old`;
  if (existsSync(directory)) renameSync(directory, old);
  renameSync(by, directory);
  rmSync(old, { recursive: true, force: true });
}

function templatesIn(directory: string): string[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.template.json'));
  return files.sort().map((file) => join(directory, file));
}
