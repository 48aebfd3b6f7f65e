import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { bundleApi } from '../bundle/apiBundle.ts';
import { type BundledJob, bundleJobs, type JobBundle } from '../bundle/bundle.ts';
import type { ResourceNames } from '../platform/resourceNames.ts';
import { SynthError } from '../platform/synthError.ts';
import { discoverJobs } from './discovery.ts';

/** What `JobPlatform` takes. */
interface LoadedJobs {
  readonly jobs: readonly BundledJob[];
  /** The bundle of src/api; undefined where no job tracks. */
  readonly apiBundle: JobBundle | undefined;
  readonly warnings: readonly string[];
}

/**
 * Finds the jobs in `src/jobs` of the working directory, bundles them and the API of the jobs that track, and brings
 * `src/jobs.generated.ts` up to date. Nothing is written when a job cannot be deployed.
 * @param names the names of the platform; a job's name must leave room for their prefix
 * @throws {SynthError} with every problem of every job file, or with what cannot be bundled
 */
export async function loadJobs(names: ResourceNames): Promise<LoadedJobs> {
  const found = await discoverJobs('src/jobs', names);
  const { jobs, warnings } = await bundleJobs(found.jobs);
  const api = await bundleApi(found.jobs);
  await writeJobTypes(
    jobs.map(({ name }) => name),
    resolve('src/jobs.generated.ts'),
  );
  return { jobs, apiBundle: api.apiBundle, warnings: [...found.warnings, ...warnings, ...api.warnings] };
}

/**
 * Writes `src/jobs.generated.ts`, every job's name and type for typed publishing. A file that would not change is
 * left alone, so that watchers stay quiet.
 * @param jobNames sorted
 * @returns whether the file was written
 * @throws {SynthError} when the file cannot be written; then the old file is whole, and no other file is left behind
 */
export async function writeJobTypes(jobNames: readonly string[], file: string): Promise<boolean> {
  const text = jobTypes(jobNames);
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return false;
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    throw new SynthError(
      `${file} must be written again, since the jobs have changed, but cannot be (${code}): make it and its folder writable, or remove it.`,
      { cause },
    );
  }
  return true;
}

/** The module's text; the job files are in the folder `jobs` beside it. */
export function jobTypes(jobNames: readonly string[]): string {
  const imports = jobNames.map((name) => `import type ${identifierOf(name)} from './jobs/${name}.ts';\n`);
  const members = jobNames.map((name) => `  ${propertyOf(name)}: typeof ${identifierOf(name)};\n`);
  const body = members.length === 0 ? '{}' : `{\n${members.join('')}}`;
  return `${banner}${imports.join('')}\nexport interface Jobs ${body}\n`;
}

const banner =
  "// Written by synth from the files in src/jobs: every job's name and type, for typed publishing. Do not edit.\n";

function propertyOf(name: string): string {
  return name.includes('-') ? `'${name}'` : name;
}

/** A job's name holds no `$`, so no two jobs share an identifier. */
function identifierOf(name: string): string {
  if (name.includes('-')) return name.replaceAll('-', '$');
  return unusableIdentifiers.has(name) ? `${name}$` : name;
}

/** Names that `import type` cannot give: reserved words, TypeScript's own types, and the interface written here. */
const unusableIdentifiers: ReadonlySet<string> = new Set(
  (
    'Jobs any arguments as asserts async await bigint boolean break case catch class const continue debugger ' +
    'default delete do else enum eval export extends false finally for from function if implements import in ' +
    'instanceof interface let never new null number object of package private protected public return static ' +
    'string super switch symbol this throw true try type typeof undefined unknown var void while with yield'
  ).split(' '),
);
