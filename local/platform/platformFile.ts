import { rmSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';

/** The content of `.local/platform.json`, by which tools find the running platform. */
export interface PlatformFile {
  readonly endpoint: string;
  readonly region: string;
  /** Null while the assembly has no topic with job subscriptions. */
  readonly topicArn: string | null;
  readonly consoleUrl: string | null;
  /** The URL of the first function URL or HTTP API, without a slash at its end. Null without an API. */
  readonly apiUrl: string | null;
  /** Null while no function and no worker gets the name of a bucket for files. */
  readonly filesBucket: string | null;
  readonly speed: number;
  readonly jobs: Readonly<
    Record<string, { readonly queueUrl: string; readonly deadLetterQueueUrl: string | null }>
  >;
}

/** Another platform runs in this state directory. */
export class PlatformRunningError extends Error {
  override readonly name = 'PlatformRunningError';
}

/** The state directory is not a directory, or cannot be written. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError';
}

/** Does work that writes to the state directory. @throws {StateDirectoryError} when the file system refuses it */
export async function writingTo<T>(stateDirectory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new StateDirectoryError(
      `The local platform keeps its files in ${resolve(stateDirectory)}, which cannot be written (${(cause as Error).message}). Make it a folder of your own, or remove it.`,
      { cause },
    );
  }
}

/** A state directory that belongs to this platform until it is released. */
export interface Claim {
  /** Replaces `platform.json` as a whole: a reader sees the old file or the new one. */
  write(content: PlatformFile): Promise<void>;
  /** Removes `platform.json`, so that no tool finds a platform that is stopping. */
  remove(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Refuses a directory that a living platform holds: its process exists, and its endpoint takes connections. Files that a
 * killed platform has left behind do not count.
 * @throws {PlatformRunningError}
 */
export async function refuseIfRunning(stateDirectory: string): Promise<void> {
  const holder = await readHolder(stateDirectory);
  if (holder === undefined || !processExists(holder.pid) || !(await takesConnections(holder.endpoint)))
    return;
  throw new PlatformRunningError(
    `A local platform already runs in ${resolve(stateDirectory)} (process ${holder.pid}, ${holder.endpoint}); stop it first, or work with that one.`,
  );
}

/**
 * Takes the directory for the platform at `endpoint`.
 * @throws {PlatformRunningError} as {@link refuseIfRunning} does
 * @throws {StateDirectoryError} when the directory cannot be written
 */
export async function claimDirectory(stateDirectory: string, endpoint: string): Promise<Claim> {
  const file = join(stateDirectory, PLATFORM_FILE);
  const lock = join(stateDirectory, LOCK_FILE);
  await writingTo(stateDirectory, async () => {
    await mkdir(stateDirectory, { recursive: true });
    await takeLock(stateDirectory, endpoint);
    await rm(file, { force: true });
  });
  const removeAtExit = () => {
    for (const path of [file, lock]) rmSync(path, { force: true });
  };
  process.once('exit', removeAtExit);
  return {
    write: (content) => replaceFile(file, `${JSON.stringify(content, undefined, 2)}\n`),
    remove: () => rm(file, { force: true }),
    release: async () => {
      process.removeListener('exit', removeAtExit);
      await rm(file, { force: true });
      await rm(lock, { force: true });
    },
  };
}

const PLATFORM_FILE = 'platform.json';
/** Names the platform that holds the directory. platform.json cannot: it exists only while the platform is ready. */
const LOCK_FILE = 'platform.lock';

interface Holder {
  readonly pid: number;
  readonly endpoint: string;
}

async function takeLock(stateDirectory: string, endpoint: string): Promise<void> {
  const holder: Holder = { pid: process.pid, endpoint };
  const lock = join(stateDirectory, LOCK_FILE);
  for (;;) {
    try {
      return await writeFile(lock, JSON.stringify(holder), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      await refuseIfRunning(stateDirectory);
      await rm(lock, { force: true });
    }
  }
}

async function readHolder(stateDirectory: string): Promise<Holder | undefined> {
  try {
    const { pid, endpoint } = JSON.parse(await readFile(join(stateDirectory, LOCK_FILE), 'utf8')) as Holder;
    return Number.isInteger(pid) && URL.canParse(endpoint) ? { pid, endpoint } : undefined;
  } catch {
    return undefined; // The file is missing, or a process died while it wrote the file.
  }
}

function processExists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // The process belongs to another user.
  }
}

/** Whether the port answers. A process ID does not suffice: IDs are used again, and in containers soon. */
function takesConnections(endpoint: string): Promise<boolean> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((done) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

async function replaceFile(file: string, text: string): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, text);
  await rename(part, file);
}
