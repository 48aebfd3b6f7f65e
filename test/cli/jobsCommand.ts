import { spawn } from 'node:child_process';
import { Console } from 'node:console';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { PlatformFile } from '../../local/platform/platformFile.ts';
import { compileCache } from '../compileCache.ts';
import { program, runProgram } from './jobsProject.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the CLI in this process, in a directory of its own: a process for each command takes most of a test's time.
 * Commands run one after another, since each has the standard streams, the environment and the directory to itself.
 */
export function runJobs(
  cwd: string,
  words: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const ended = last.then(() => runHere(cwd, words, input, env));
  last = ended.catch(() => undefined);
  return ended;
}

let last: Promise<unknown> = Promise.resolve();

async function runHere(
  cwd: string,
  words: readonly string[],
  input: string,
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const [stdout, stderr] = [kept(), kept()];
  const before = process.cwd();
  const own = {
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { ...bareEnvironment, ...env },
  };
  const restoreProcess = override(process, own);
  const restoreConsole = override(globalThis, { console: new Console(stdout.stream, stderr.stream) });
  process.chdir(cwd);
  process.exitCode = undefined;
  try {
    const code = await runProgram(words);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    process.exitCode = undefined;
    process.chdir(before);
    restoreConsole();
    restoreProcess();
  }
}

/** Runs the CLI as people do, as a process of its own. */
export async function runJobsProcess(
  cwd: string,
  words: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { cwd, env: { ...processEnvironment, ...env } });
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject)),
  ]);
  return { code, stdout, stderr };
}

/** Nothing of this machine's AWS configuration. */
const bareEnvironment = { PATH: process.env.PATH ?? '' };

export const processEnvironment = { ...bareEnvironment, ...compileCache };

/** Makes a process take its pipes for a terminal. */
export const onTerminal = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    'for (const stream of [process.stdin, process.stderr]) stream.isTTY = true;',
  )}`,
};

/** A temporary directory, in which a local platform seems to run where `platform` is given. */
export async function startDirectory(
  platform?: Partial<PlatformFile> | string,
): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'jobs-cli-'));
  if (platform !== undefined) {
    await mkdir(join(path, '.local'));
    const content = typeof platform === 'string' ? platform : JSON.stringify(platform);
    await writeFile(join(path, '.local', 'platform.json'), content);
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function kept(): { stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

/** Replaces properties until the returned function is called. */
function override(owner: object, values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map(
    (name) => [name, Object.getOwnPropertyDescriptor(owner, name)] as const,
  );
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) if (descriptor) Object.defineProperty(owner, name, descriptor);
  };
}
