import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/jobs.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the CLI as people do, as a process of its own, in a directory of its own. */
export async function runJobs(cwd: string, words: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { cwd, env: { PATH: process.env.PATH ?? '' } });
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject)),
  ]);
  return { code, stdout, stderr };
}

/** A temporary directory, in which a local platform seems to run where `platform` is given. */
export async function startDirectory(
  platform?: object | string,
): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'jobs-cli-'));
  if (platform !== undefined) {
    await mkdir(join(path, '.local'));
    const content = typeof platform === 'string' ? platform : JSON.stringify(platform);
    await writeFile(join(path, '.local', 'platform.json'), content);
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
