import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { writingTo } from './platformFile.ts';

export interface SynthOptions {
  /** The folder of cdk.json. */
  readonly projectDirectory: string;
  /** `.local`; assemblies go to its folder `cdk.out/<generation>`. */
  readonly stateDirectory: string;
  /** Context that overrides cdk.json's, as `cdk synth -c` does. Default: none. */
  readonly context?: Readonly<Record<string, string>>;
  /** Ends the synth, because of a newer edit or a stop. Default: only the deadline ends it. */
  readonly signal?: AbortSignal;
  /** How long the app may take. Default 60,000. */
  readonly deadlineMs?: number;
}

interface SynthResult {
  readonly assemblyDirectory: string;
  /** What the app printed: most often warnings, a line each. */
  readonly output: string;
}

/** The app ended with an error (then the message is what the app printed), or did not end in time. */
export class SynthFailedError extends Error {
  override readonly name = 'SynthFailedError';
}

/**
 * Synthesizes in a new process, since an ES module cannot be loaded again. Each assembly has a directory of its own, so
 * that the one before stays whole while functions run from it. A failed synth leaves neither a file nor a process behind.
 * @throws {SynthFailedError}
 * @throws {StateDirectoryError}
 * @throws the reason of `signal` once it is aborted
 */
export async function synthesize(options: SynthOptions): Promise<SynthResult> {
  const root = resolve(options.stateDirectory, 'cdk.out');
  const partial = await writingTo(options.stateDirectory, async () => {
    await mkdir(root, { recursive: true });
    return mkdtemp(join(root, 'partial-'));
  });
  try {
    const output = await runApp(options, partial);
    const generation = String((await newestGeneration(root)) + 1);
    const assemblyDirectory = join(root, generation);
    await rename(partial, assemblyDirectory);
    return { assemblyDirectory, output: synthWarnings(output.replaceAll(basename(partial), generation)) };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Removes the assemblies of earlier synths, except for the newest two and those that functions run from. */
export async function removeOldAssemblies(
  stateDirectory: string,
  codeDirectories: readonly string[],
): Promise<void> {
  const root = resolve(stateDirectory, 'cdk.out');
  const newest = await newestGeneration(root);
  for (const name of await readdir(root)) {
    const directory = join(root, name);
    const isUsed = codeDirectories.some((used) => used.startsWith(directory + sep));
    if (isUsed || Number(name) > newest - KEPT_GENERATIONS) continue;
    await rm(directory, { recursive: true, force: true });
  }
}

/** The newest assembly and the one before, from which a function may still run that was busy when it was updated. */
const KEPT_GENERATIONS = 2;

async function newestGeneration(root: string): Promise<number> {
  const numbers = (await readdir(root)).map(Number).filter(Number.isInteger);
  return Math.max(0, ...numbers);
}

/** The CDK app's file, from the project. */
const appFile = 'bin/app.ts';

async function runApp(options: SynthOptions, outputDirectory: string): Promise<string> {
  const { deadlineMs = 60_000, signal } = options;
  const context = { ...(await contextOf(options.projectDirectory)), ...options.context };
  const deadline = AbortSignal.timeout(deadlineMs);
  signal?.throwIfAborted();
  const app = spawn(process.execPath, [appFile], {
    cwd: options.projectDirectory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CDK_OUTDIR: outputDirectory,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_VALIDATION: 'false', // It takes up to two seconds, and `cdk synth` and CI have it.
    },
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    killSignal: 'SIGKILL', // Only this ends a job file that loops at import.
  });
  const { output, exit } = await ended(app);
  signal?.throwIfAborted();
  if (deadline.aborted) {
    throw new SynthFailedError(
      `${said(output)}${appFile} had not ended after ${deadlineMs / 1_000} s and was stopped: something that it imports, most often a job file, loops or waits. ` +
        'Take that out, or move it into run.',
    );
  }
  if (exit !== '0') throw new SynthFailedError(output || `${appFile} ended with ${exit} and said nothing`);
  return output;
}

/** Waits until the app has ended, and kills it when this process ends first. */
async function ended(app: ChildProcessByStdio<null, Readable, Readable>) {
  const kill = () => app.kill('SIGKILL');
  process.once('exit', kill);
  const chunks: Buffer[] = [];
  app.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  app.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exit = await new Promise<string>((done, fail) => {
    app.on('error', (error) => {
      if (error.name !== 'AbortError') fail(error);
    });
    app.once('close', (code, signal) => done(String(code ?? signal)));
  }).finally(() => process.removeListener('exit', kill));
  return { output: Buffer.concat(chunks).toString().trimEnd(), exit };
}

function said(output: string): string {
  return output === '' ? '' : `${output}\n`;
}

/** The context that the CDK CLI would give the app. Construct paths are switched on, since problems are named by them. */
async function contextOf(projectDirectory: string): Promise<Record<string, unknown>> {
  const { context } = await readJson(join(projectDirectory, 'cdk.json'));
  const lookups = await readJson(join(projectDirectory, 'cdk.context.json'));
  return { 'aws:cdk:enable-path-metadata': true, ...(context as object | undefined), ...lookups };
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return {}; // Both files are optional.
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new SynthFailedError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Leaves out what the CDK prints around warnings: the construct's place, its stack, how to acknowledge the warning, and
 * where the report is. All of that is for people who write constructs. The warnings and all other lines stay.
 */
export function synthWarnings(output: string): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '' && !aroundWarnings.some((pattern) => pattern.test(line)))
    .map((line) => line.replace(/^(WARNING .*) \(Annotation\)$/, '$1'))
    .join('\n');
}

const aroundWarnings = [
  /^(file:)?\S+\.[cm]?[jt]s:\d+:\d+$/,
  /^ {3}\S+ aws-cdk-lib\.\w+$/,
  /^ {3}Acknowledge with '/,
  /^A copy of this report can be found in: /,
];
