import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';

export interface SynthOptions {
  /** The folder of cdk.json. */
  readonly projectDirectory: string;
  /** `.local`: assemblies go to `cdk.out/<generation>` there. */
  readonly stateDirectory: string;
  /** The CDK app's file, from the project. Default `bin/app.ts`. */
  readonly appFile?: string;
  /** Overrides of cdk.json's context, as `cdk synth -c`. */
  readonly context?: Readonly<Record<string, string>>;
}

export interface SynthResult {
  readonly assemblyDirectory: string;
  /** What the app printed, warnings as a rule. */
  readonly output: string;
}

/** The app ended with an error; the message is what it printed. */
export class SynthFailedError extends Error {
  override readonly name = 'SynthFailedError';
}

/**
 * Synthesizes in a fresh process (an ESM module cannot be loaded again), into a directory of its own: the assembly
 * before stays whole while functions run from it. Throws {@link SynthFailedError}, leaving nothing behind.
 */
export async function synthesize(options: SynthOptions): Promise<SynthResult> {
  const root = resolve(options.stateDirectory, 'cdk.out');
  await mkdir(root, { recursive: true });
  const partial = await mkdtemp(join(root, 'partial-'));
  try {
    const output = await runApp(options, partial);
    const assemblyDirectory = join(root, String((await newestGeneration(root)) + 1));
    await rename(partial, assemblyDirectory);
    return { assemblyDirectory, output };
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

async function runApp(options: SynthOptions, outputDirectory: string): Promise<string> {
  const context = { ...(await contextOf(options.projectDirectory)), ...options.context };
  const app = spawn(process.execPath, [options.appFile ?? 'bin/app.ts'], {
    cwd: options.projectDirectory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CDK_OUTDIR: outputDirectory,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_VALIDATION: 'false', // belongs to `cdk synth` and CI: it costs up to two seconds
    },
  });
  const chunks: Buffer[] = [];
  app.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  app.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exit = await new Promise<string>((done, fail) => {
    app.once('error', fail);
    app.once('close', (code, signal) => done(String(code ?? signal)));
  });
  const output = Buffer.concat(chunks).toString().trimEnd();
  if (exit !== '0')
    throw new SynthFailedError(
      output || `${options.appFile ?? 'bin/app.ts'} ended with ${exit} and said nothing`,
    );
  return output;
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
