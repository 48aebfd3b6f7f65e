import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../local/platform/platform.ts';
import { synthesize } from '../local/platform/synth.ts';
import { projectWith } from './project.ts';

/** The real local platform with one job that tracks and takes uploads, and its API. */
export interface TrackedPlatform {
  readonly platform: Platform;
  /** Without a slash at its end. */
  readonly apiUrl: string;
}

const trackedJob = `import { defineJob } from '../job/index.ts';
export default defineJob({
  track: true,
  uploads: { contentTypes: ['application/octet-stream'] },
  run: () => ({ pages: 10 }),
});
`;

export async function withTrackedPlatform(
  measure: (tracked: TrackedPlatform) => Promise<number>,
): Promise<number> {
  const project = await projectWith({ 'TrackedJob.ts': trackedJob });
  const stateDirectory = join(project, '.local');
  await mkdir(stateDirectory);
  const { assemblyDirectory } = await synthesize({ projectDirectory: project, stateDirectory });
  const platform = await startPlatform({ assemblyDirectory, stateDirectory, port: 0 });
  try {
    const { apiUrl } = await platform.snapshot();
    if (apiUrl === undefined) throw new Error('the platform has no API, although a job tracks');
    return await measure({ platform, apiUrl });
  } finally {
    await platform.stop();
    await rm(project, { recursive: true });
  }
}

/** Schedules a job and gives its ID. */
export async function schedule(apiUrl: string): Promise<string> {
  const { jobId } = (await postJson(`${apiUrl}/jobs/TrackedJob`, {})) as { jobId: string };
  return jobId;
}

/** Resolves once the jobs have succeeded. */
export async function allSucceeded(apiUrl: string, jobIds: readonly string[]): Promise<void> {
  for (const jobId of jobIds) {
    for (let state = ''; state !== 'succeeded'; ) {
      ({ state } = (await (await fetch(`${apiUrl}/jobs/${jobId}`)).json()) as { state: string });
      if (state === 'dead') throw new Error(`the job ${jobId} is dead`);
    }
  }
}

export async function postJson(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (response.ok) return await response.json();
  throw new Error(`POST ${url}: HTTP ${response.status}: ${await response.text()}`);
}
