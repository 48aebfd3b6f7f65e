import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { ApiJob } from '../../src/api/apiJob.ts';
import { defaultMaxAttempts, defaultUploadBytes } from '../../src/job/options.ts';
import type { DiscoveredJob } from '../discovery/discovery.ts';
import { type Build, buildEntries, externals } from './build.ts';
import { bundleOf, type JobBundle } from './bundle.ts';
import { BundleCache, type BundleRecord, sha256 } from './cache.ts';
import { payloadSchemaOf } from './jobSchemas.ts';
import { apiBudgetBytes, newBundle } from './newBundle.ts';

interface BundleApiOptions {
  /** Where package.json, src/ and node_modules are. @default the working directory */
  readonly root?: string;
  /** @default one esbuild call */
  readonly build?: typeof buildEntries;
}

/**
 * Bundles the API of the jobs that track: src/api, what it has to know of each job, and its pages beside it. The bundle
 * holds no code of the jobs. While nothing of that has changed, the earlier bundle is kept and esbuild is not loaded.
 * @returns `apiBundle` undefined where no job tracks
 * @throws {SynthError} when a module is missing, or the bundle would carry what must not ship
 */
export async function bundleApi(
  jobs: readonly DiscoveredJob[],
  { root = process.cwd(), build = buildEntries }: BundleApiOptions = {},
): Promise<{ apiBundle: JobBundle | undefined; warnings: readonly string[] }> {
  const tracked = jobs.filter(({ job }) => job.track === true);
  if (tracked.length === 0) return { apiBundle: undefined, warnings: [] };
  const realRoot = realpathSync(root);
  const cache = new BundleCache(realRoot);
  const source = { entry: apiEntry(await Promise.all(tracked.map(apiJob))), pages: pageFiles(realRoot) };
  const madeFrom = sha256(JSON.stringify(source));
  const record =
    cache.find(key, madeFrom) ?? (await newRecord(source, madeFrom, { cache, root: realRoot, build }));
  return { apiBundle: bundleOf(record, cache), warnings: record.warnings };
}

/** Where the API is, relative to the project's root; its pages are in the folder beside it. */
const apiFile = 'src/api/index.ts';
const pagesDirectory = 'src/api/pages';

/** The API's key in the cache. No job can have this name. */
const key = 'api';

/** The module that becomes the API's bundle. JSON.parse takes `__proto__` for a plain key; an object literal does not. */
export function apiEntry(jobs: readonly ApiJob[]): string {
  return [
    `import { createApiHandler } from './${apiFile}';`,
    `export const handler = createApiHandler(JSON.parse(${JSON.stringify(JSON.stringify(jobs))}));`,
    '',
  ].join('\n');
}

/** What the API has to know of a job. */
export async function apiJob({ name, job }: DiscoveredJob): Promise<ApiJob> {
  const { maxAttempts = defaultMaxAttempts, uploads } = job;
  const payloadSchema = await payloadSchemaOf(job.payload);
  return {
    name,
    ...(payloadSchema === undefined ? {} : { payloadSchema }),
    ...(uploads === undefined ? {} : { uploads: { maxBytes: defaultUploadBytes, ...uploads } }),
    maxAttempts,
  };
}

interface Source {
  readonly entry: string;
  /** Relative to the project's root, sorted. */
  readonly pages: readonly string[];
}

async function newRecord(
  { entry, pages }: Source,
  madeFrom: string,
  { cache, root, build }: { cache: BundleCache; root: string; build: typeof buildEntries },
): Promise<BundleRecord> {
  const built: Build = await build(new Map([[key, entry]]), root, externals.lambda);
  const besides = Object.fromEntries(
    pages.map((file) => [relative('src/api', file).split(sep).join('/'), readFileSync(join(root, file))]),
  );
  const bundle = newBundle({ name: key, key, madeFrom, budgetBytes: apiBudgetBytes, besides }, built, root);
  const inputs = [...bundle.inputs, ...pages];
  return cache.store([{ ...bundle, inputs }]).get(key) as BundleRecord;
}

function pageFiles(root: string): string[] {
  const directory = join(root, pagesDirectory);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}
