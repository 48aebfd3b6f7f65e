import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { CommandError } from './outcome.ts';
import type { JobQueues, Target } from './target.ts';

/** Written by the local platform once it is ready, removed when it stops. */
const platformFile = '.local/platform.json';

/** The parts of the file that commands need. */
interface PlatformFile {
  readonly endpoint: string;
  readonly region: string;
  /** null while the template has no topic that jobs subscribe to. */
  readonly topicArn: string | null;
  readonly speed?: number;
  readonly jobs: Readonly<Record<string, JobQueues>>;
  /** Where the template has them. */
  readonly apiUrl?: string | null;
  readonly filesBucket?: string | null;
}

/** @throws {CommandError} when no local platform is running in this directory */
export async function localTarget(): Promise<Target> {
  const { endpoint, region, topicArn, speed = 1, jobs, apiUrl, filesBucket } = await readPlatformFile();
  if (!(await isListening(endpoint))) {
    throw new CommandError(
      `${platformFile} says the local platform is at ${endpoint}, but nothing listens there. Start it again: npm start`,
    );
  }
  if (topicArn === null) throw new CommandError('the local platform has no jobs yet: add a file to src/jobs');
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return {
    name: 'the local platform',
    topicArn,
    clientConfig: { region, endpoint, credentials },
    jobs,
    speed,
    ...(apiUrl && { apiUrl }),
    ...(filesBucket && { filesBucket }),
  };
}

async function readPlatformFile(): Promise<PlatformFile> {
  const text = await readFile(platformFile, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new CommandError('no local platform is running here: npm start, or say where with --stack NAME');
  }
  const platform = parsed(text);
  if (isPlatform(platform)) return platform;
  throw new CommandError(
    `${platformFile} cannot be understood. Stop the local platform and start it again: npm start`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPlatform(value: unknown): value is PlatformFile {
  if (typeof value !== 'object' || value === null) return false;
  const { endpoint, region, topicArn, jobs } = value as Partial<Record<keyof PlatformFile, unknown>>;
  const texts = [endpoint, region, topicArn ?? ''].every((text) => typeof text === 'string');
  return texts && URL.canParse(endpoint as string) && typeof jobs === 'object' && jobs !== null;
}

/** The file outlives a platform that was killed. */
function isListening(endpoint: string): Promise<boolean> {
  const { hostname, port } = new URL(endpoint);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: hostname, port: Number(port), timeout: 2000 });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  socket.once('timeout', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
