import { rmSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../../local/platform/platform.ts';
import { synthesize } from '../../local/platform/synth.ts';
import type { PlatformEvent } from '../../local/platform/view.ts';
import { projectWith } from '../project.ts';
import { soakJobs } from './behaviours.ts';

/** The local platform with the soak's jobs, and a directory that is removed with it. */
interface SoakPlatform extends AsyncDisposable {
  readonly platform: Platform;
  readonly directory: string;
}

/** At this speed a retry takes a second, which is the engine's minimum. */
const speed = 60;

export async function startSoakPlatform(onEvent: (event: PlatformEvent) => void): Promise<SoakPlatform> {
  const directory = await projectWith(await jobFiles());
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  process.once('exit', remove);
  try {
    await cp(join(jobsDirectory, 'shared'), join(directory, 'src/jobs/shared'), { recursive: true });
    const stateDirectory = join(directory, '.local');
    await mkdir(stateDirectory);
    const { assemblyDirectory } = await synthesize({ projectDirectory: directory, stateDirectory });
    const platform = await startPlatform({ assemblyDirectory, stateDirectory, port: 0, speed, onEvent });
    // Registered again after the platform's own listener, which kills the sandboxes that write into the directory.
    process.removeListener('exit', remove);
    process.once('exit', remove);
    return {
      platform,
      directory,
      async [Symbol.asyncDispose]() {
        await platform.stop({ drainMs: 2_000 });
        process.removeListener('exit', remove);
        remove();
      },
    };
  } catch (error) {
    process.removeListener('exit', remove);
    remove();
    throw error;
  }
}

const jobsDirectory = join(import.meta.dirname, 'jobs');

/** The job files as they would be in `src/jobs`. */
async function jobFiles(): Promise<Record<string, string>> {
  const files = soakJobs.map(async (job) => {
    const source = await readFile(join(jobsDirectory, `${job}.ts`), 'utf8');
    return [`${job}.ts`, source.replace('../../../src/job/index.ts', '../job/index.ts')] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}
