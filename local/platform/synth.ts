import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { writingTo } from './platformFile.ts';

export interface SynthOptions {
  /** The folder of cdk.json. */
  readonly projectDirectory: string;
  /** `.local`: assemblies go to `cdk.out/<generation>` there. */
  readonly stateDirectory: string;
  /** Overrides of cdk.json's context, as `cdk synth -c`. */
  readonly context?: Readonly<Record<string, string>>;
  /** Ends it: a newer edit, or a stop. Default: only the deadline does. */
  readonly signal?: AbortSignal;
  /** How long the app may take. Default 60 s. */
  readonly deadlineMs?: number;
}

interface SynthResult {
  readonly assemblyDirectory: string;
  /** What the app printed, warnings as a rule: a line each. */
  readonly output: string;
}

/** The app ended with an error, and the message is what it printed; or it did not end in time. */
export class SynthFailedError extends Error {
  override readonly name = 'SynthFailedError';
}

/**
 * Synthesizes in a fresh process (an ESM module cannot be loaded again), into a directory of its own: the assembly
 * before stays whole while functions run from it. Throws {@link SynthFailedError}, {@link StateDirectoryError} or the
 * reason of `signal`, leaving nothing behind, no process either.
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

/** Removes what earlier synths left, apart from the newest two assemblies and those that functions run from. */
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

/** The newest, and the one before: a sandbox that is busy while its function is updated still runs from there. */
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
      CDK_VALIDATION: 'false', // belongs to `cdk synth` and CI: it costs up to two seconds
    },
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    killSignal: 'SIGKILL', // a job file may loop at import
  });
  const { output, exit } = await ended(app);
  signal?.throwIfAborted();
  if (deadline.aborted) {
    throw new SynthFailedError(
      `${said(output)}${appFile} had not ended after ${deadlineMs / 1_000} s and was stopped: something that it imports, a job file as a rule, loops or waits. ` +
        'Take that out, or move it into run.',
    );
  }
  if (exit !== '0') throw new SynthFailedError(output || `${appFile} ended with ${exit} and said nothing`);
  return output;
}

/** Waits for its end, and takes it along when this process ends first. */
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

/** The context that the CDK CLI would hand the app; construct paths are on, since problems are named by them. */
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
    return {}; // optional, both of them
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new SynthFailedError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The warnings in what a CDK app prints, a line each. What the CDK prints around them (the line of the construct, its stack,
 * how to acknowledge it, where the report is) is for who writes constructs; any other line stays as it is.
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
