import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../local/platform/platform.ts';
import { synthesize } from '../local/platform/synth.ts';
import { projectWith } from './project.ts';

/** Starts the real local platform with these job files, and stops it after it was used. */
export async function withPlatform<Result>(
  jobFiles: Readonly<Record<string, string>>,
  use: (platform: Platform) => Promise<Result>,
): Promise<Result> {
  const project = await projectWith(jobFiles);
  const stateDirectory = join(project, '.local');
  await mkdir(stateDirectory);
  const { assemblyDirectory } = await synthesize({ projectDirectory: project, stateDirectory });
  const platform = await startPlatform({ assemblyDirectory, stateDirectory, port: 0 });
  try {
    return await use(platform);
  } finally {
    await platform.stop();
    await rm(project, { recursive: true });
  }
}

/** @throws for every answer but a 2xx */
export async function postJson(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (response.ok) return await response.json();
  throw new Error(`POST ${url}: HTTP ${response.status}: ${await response.text()}`);
}
